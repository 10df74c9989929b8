package webhook_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/argument"
	"oneton/webhook"
)

func TestAddressesThatAreNotPublic(t *testing.T) {
	check, _, control := webhook.Guard(webhook.DefaultConfig(), "9.8.7.6")
	for _, private := range []string{
		"0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "127.8.9.10",
		"169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.0.1",
		"198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"168.63.129.16", "9.8.7.6",
		"::", "::1", "::2", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1",
		"100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::1", "2002:808:808::1", "3fff::1", "5f00::1",
		"fc00::1", "fd00:ec2::254", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "febf::1", "fec0::1", "ff02::1", "ff0e::1", "2606:4700::1%eth0", "4000::1",
	} {
		a := netip.MustParseAddr(private)
		require.ErrorIs(t, check(a), webhook.ErrAddress, private)
		require.ErrorIs(t, control(netip.AddrPortFrom(a, 443).String()), webhook.ErrAddress, private)
	}
	for _, public := range []string{"8.8.8.8", "1.1.1.1", "9.8.7.5", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"} {
		require.NoError(t, check(netip.MustParseAddr(public)), public)
	}
}

func TestAllowedAddresses(t *testing.T) {
	cfg := webhook.DefaultConfig()
	cfg.Allow = []string{"10.1.0.0/16", "127.0.0.1", "fd12::/16"}
	check, url, _ := webhook.Guard(cfg)
	for address, allowed := range map[string]bool{"10.1.2.3": true, "10.2.0.1": false, "127.0.0.1": true, "127.0.0.2": false, "fd12::1": true, "fd13::1": false, "::ffff:10.1.2.3": false, "8.8.8.8": true} {
		if err := check(netip.MustParseAddr(address)); allowed {
			require.NoError(t, err, address)
		} else {
			require.ErrorIs(t, err, webhook.ErrAddress, address)
		}
	}
	require.NoError(t, url("https://10.1.2.3/hooks"))
	require.ErrorIs(t, url("http://10.1.2.3/hooks"), webhook.ErrInvalid)
}

func TestPorts(t *testing.T) {
	cfg := webhook.DefaultConfig()
	_, _, control := webhook.Guard(cfg)
	for _, port := range []string{"1", "22", "25", "80", "110", "442", "465", "1023"} {
		require.ErrorIs(t, control("8.8.8.8:"+port), webhook.ErrAddress, port)
	}
	for _, port := range []string{"443", "1024", "8443", "65535"} {
		require.NoError(t, control("8.8.8.8:"+port), port)
	}
	cfg.Plain = true
	_, _, control = webhook.Guard(cfg)
	require.NoError(t, control("8.8.8.8:80"))
	require.ErrorIs(t, control("8.8.8.8:81"), webhook.ErrAddress)
}

func TestURLs(t *testing.T) {
	_, url, _ := webhook.Guard(webhook.DefaultConfig())
	for _, good := range []string{
		"https://example.org", "https://example.org/hooks?token=a%20b", "https://example.org:8443/", "HTTPS://Example.org/", "https://8.8.8.8/", "https://[2606:4700::1111]:443/", "https://bücher.example/ä", "https://1.example/", "https://example.org./", "https://x0x7f/", "https://0x7g/",
	} {
		require.NoError(t, url(good), good)
	}
	for _, bad := range []string{
		"", "example.org", "//example.org", "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)", "https:example.org", "https:///x", "https://:443/",
		"https://user@example.org/", "https://user:secret@example.org/", "https://@example.org/", "https://example.org/#x", "https://example.org/#", "https://example.org:0/", "https://example.org:70000/",
		"https://example.org:/", "https://example.org/ x", "https://example.org/\n", " https://example.org/", "https://exa\x00mple.org/", "https://example.org\\@127.0.0.1/", "https://[::1/", "https://%zz/",
		"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[fd00:ec2::254]/", "https://169.254.169.254/latest", "https://example.org:25/", "https://10.0.0.1:8443/",
		"https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0X7F.0x/", "https://0177.0.0.1/", "https://127.1/", "https://127.0.0.1./", "https://017700000001:8443/", "https://example.1/",
		"https://[fe80::1%25eth0]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2606:4700::1%25eth0]/",
		"https://example.org/" + string(make([]byte, 3000)),
	} {
		err := url(bad)
		require.Error(t, err, bad)
		var about *argument.Error
		require.ErrorAs(t, err, &about, bad)
		require.Equal(t, "url", about.Argument)
	}
}

// FuzzURL looks for URLs that are taken though their host is one of this machine.
func FuzzURL(f *testing.F) {
	_, url, _ := webhook.Guard(webhook.DefaultConfig())
	for _, seed := range []string{"https://example.org/x?y", "https://127.0.0.1", "https://[::1]:8443/", "https://a@b", "https://1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if err := url(text); err != nil {
			return
		}
		require.NotContains(t, text, "@[")
		require.Regexp(t, `(?i)^https://`, text)
		require.NotContains(t, text, "#")
	})
}
