"""Writes phones.json: numbers as people write them, and what they are in E.164, by
the Python port of libphonenumber (pip install phonenumbers)."""
import json
import os

import phonenumbers as p

cases = []
kinds = {
    p.PhoneNumberType.MOBILE: True,
    p.PhoneNumberType.FIXED_LINE: True,
    p.PhoneNumberType.VOIP: True,
    p.PhoneNumberType.PREMIUM_RATE: False,
    p.PhoneNumberType.SHARED_COST: False,
    p.PhoneNumberType.TOLL_FREE: False,
    p.PhoneNumberType.PAGER: False,
    p.PhoneNumberType.VOICEMAIL: False,
    p.PhoneNumberType.UAN: False,
}
for region in ["CH", "DE", "US", "GB", "FR", "IT", "BR", "IN", "NG", "JP", "AU", "AR", "MX", "SM", "AE", "RU", "CI"]:
    for kind, taken in kinds.items():
        n = p.example_number_for_type(region, kind)
        if n is None or not p.is_valid_number(n):
            continue
        real = p.number_type(n)
        if real != kind and real != p.PhoneNumberType.FIXED_LINE_OR_MOBILE:
            continue
        e164 = p.format_number(n, p.PhoneNumberFormat.E164) if taken else ""
        for form in [p.PhoneNumberFormat.E164, p.PhoneNumberFormat.INTERNATIONAL]:
            cases.append({"text": p.format_number(n, form), "region": "", "e164": e164})
        cases.append({"text": p.format_number(n, p.PhoneNumberFormat.NATIONAL), "region": region, "e164": e164})
        cases.append({"text": p.format_number(n, p.PhoneNumberFormat.INTERNATIONAL), "region": "CH", "e164": e164})
with open(os.path.join(os.path.dirname(__file__), "phones.json"), "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c, sort_keys=True) for c in cases) + "\n]\n")
