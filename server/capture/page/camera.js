// The camera, and the small pictures that are taken of it.

// Fault is why there is no camera: a code of the result, or in_use or lost.
export class Fault extends Error {
  constructor(kind) {
    super(kind);
    this.kind = kind;
  }
}

const kinds = {
  NotAllowedError: "MEDIA_NOT_ALLOWED_ERROR",
  SecurityError: "MEDIA_NOT_ALLOWED_ERROR",
  NotFoundError: "MEDIA_NOT_FOUND_ERROR",
  OverconstrainedError: "MEDIA_NOT_FOUND_ERROR",
  NotReadableError: "in_use",
  AbortError: "in_use",
};

const video = document.getElementById("video");
const canvas = document.createElement("canvas");
// What is seen: three wide and four high, from the middle of the camera's picture.
const wide = 3, high = 4;

let stream = null;
let last = null;

export const able = () => Boolean(navigator.mediaDevices?.getUserMedia);

export async function open() {
  close();
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    });
  } catch (error) {
    throw new Fault(kinds[error.name] ?? "in_use");
  }
  video.srcObject = stream;
  await video.play().catch(() => {}); // a browser that wants a touch first plays on it
}

export function close() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
}

// live throws when the camera has gone.
function live() {
  if (!stream || stream.getVideoTracks().every((track) => track.readyState !== "live")) throw new Fault("lost");
}

// grab is the picture of now as JPEG, that many pixels high at most; null while there is
// none yet, or none since the last.
export async function grab(height, quality) {
  live();
  const { videoWidth: w, videoHeight: h } = video;
  if (!w || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
  const seen = Math.min(w / wide, h / high);
  const size = Math.min(height, seen * high);
  canvas.height = Math.round(size);
  canvas.width = Math.round(size * wide / high);
  canvas.getContext("2d", { alpha: false }).drawImage(
    video, (w - seen * wide) / 2, (h - seen * high) / 2, seen * wide, seen * high, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
  if (!blob) return null;
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (last && same(last, bytes)) return null;
  last = bytes;
  return bytes;
}

function same(a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

// record takes pictures for that many milliseconds, so many a second and never more in
// all, and tells of each how far it is. It ends early with what there is when the page is
// hidden, where cameras and clocks stand still.
export async function record({ lasts, rate, height, quality }, from, progress) {
  const frames = [];
  const start = performance.now();
  const most = Math.floor(lasts * rate / 1000);
  for (let next = start; ; ) {
    const now = performance.now();
    if (now - start >= lasts || frames.length >= most || document.hidden) return frames;
    if (now < next) await pause(next - now);
    const at = Math.max(Math.round(performance.now() - from), (frames.at(-1)?.at ?? -1) + 1);
    const bytes = await grab(height, quality);
    if (bytes) frames.push({ at, bytes });
    next = Math.max(next + 1000 / rate, performance.now());
    progress(Math.min(1, (performance.now() - start) / lasts));
  }
}

export const pause = (ms, signal) => new Promise((done, fail) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener("abort", () => { clearTimeout(timer); fail(signal.reason); }, { once: true });
});
