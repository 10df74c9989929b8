// Photos: chosen, taken, and shown with what is seen on them.

import { call } from "./api.js";
import { el, fill, named, svg } from "./element.js";
import { icon } from "./icon.js";
import { button } from "./parts.js";
import { dialog } from "./dialog.js";
import { say, toast } from "./live.js";

// picker takes a photo by whatever way the reader has: a file, dropped or chosen, what is
// in the clipboard, or the camera.
export function picker({ onPhoto, label = "Choose a photo", multiple = false, camera = true, hint = "Drop a photo here, paste one, or choose a file. JPEG, PNG, WebP or BMP." }) {
  const id = named("photo");
  const input = el("input", { type: "file", id, class: "unseen", accept: "image/jpeg,image/png,image/webp,image/bmp", multiple, "aria-describedby": `${id}-hint`, onchange: () => take(input.files) });
  const node = el("div", { class: "picker" },
    icon("photo"),
    el("div", { class: "actions" },
      input, el("label", { for: id, class: "button primary" }, icon("upload"), el("span", null, label)),
      camera && navigator.mediaDevices?.getUserMedia && button("Use the camera", { icon: "camera", onclick: async () => { const shot = await taken(); if (shot) await give([shot]); } })),
    el("p", { class: "hint", id: `${id}-hint` }, hint));

  async function take(files) {
    const photos = [...files].filter((f) => f.type.startsWith("image/") || f.type === "");
    if (photos.length < files.length) toast("That is no photo; JPEG, PNG, WebP and BMP are.", { tone: "warn" });
    await give(multiple ? photos : photos.slice(0, 1));
    input.value = "";
  }
  async function give(photos) {
    for (const photo of photos) {
      try {
        await onPhoto(photo, photo.name ?? "photo.jpg");
      } catch (problem) {
        if (problem?.name !== "AbortError") toast(problem.detail || problem.message, { tone: "bad" });
      }
    }
  }
  // The page as a whole takes what is dropped or pasted, while the picker is on it.
  const outer = new AbortController();
  const listen = (name, run) => document.addEventListener(name, (event) => {
    if (!node.isConnected) return outer.abort();
    if (document.querySelector("dialog[open]") && !node.closest("dialog")) return;
    run(event);
  }, { signal: outer.signal });
  queueMicrotask(() => {
    let over = 0;
    listen("dragenter", (event) => { over++; node.classList.add("over"); event.preventDefault(); });
    listen("dragleave", () => { if (--over <= 0) node.classList.remove("over"); });
    listen("dragover", (event) => event.preventDefault());
    listen("drop", (event) => {
      event.preventDefault();
      over = 0;
      node.classList.remove("over");
      if (event.dataTransfer?.files.length) take(event.dataTransfer.files);
    });
    listen("paste", (event) => {
      if (event.clipboardData?.files.length) {
        event.preventDefault();
        take(event.clipboardData.files);
      }
    });
  });
  node.busy = (yes) => {
    node.toggleAttribute("aria-busy", yes);
    input.disabled = yes;
    for (const b of node.querySelectorAll("button")) b.disabled = yes;
  };
  return node;
}

const refusals = {
  NotAllowedError: "The browser may not use the camera. Allow it in the address bar, and try again.",
  NotFoundError: "No camera was found.",
  NotReadableError: "Another program uses the camera.",
};

// taken is a photo of the camera, or null.
async function taken() {
  const video = el("video", { class: "viewfinder", playsinline: true, muted: true, autoplay: true, "aria-label": "What the camera sees" });
  let stream = null, facing = "user";
  const stop = () => { for (const track of stream?.getTracks() ?? []) track.stop(); };
  const start = async () => {
    stop();
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: facing, width: { ideal: 1920 }, height: { ideal: 1080 } } });
    } catch (error) {
      throw new Error(refusals[error.name] ?? "The camera cannot be used.");
    }
    video.srcObject = stream;
    video.classList.toggle("mirrored", facing === "user");
    await video.play().catch(() => {});
  };
  await start();
  try {
    const shot = await dialog({
      heading: "Take a photo", body: video,
      actions: [
        { text: "Take it", kind: "primary", icon: "camera", autofocus: true, run: () => grab(video) },
        { text: "Cancel", kind: "quiet", value: null },
      ],
    });
    return shot instanceof Blob ? shot : null;
  } finally {
    stop();
  }
}

async function grab(video) {
  if (!video.videoWidth) throw new Error("The camera shows nothing yet; try again in a moment.");
  const canvas = el("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return new File([blob], "camera.jpg", { type: "image/jpeg" });
}

// upright is a photo as boxes are of it: turned by its EXIF orientation, and then by what
// the server turned it.
async function upright(blob, rotation = 0) {
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
  const across = rotation % 180 !== 0;
  return { bitmap, rotation, width: across ? bitmap.height : bitmap.width, height: across ? bitmap.width : bitmap.height };
}

// paint draws the part of an upright photo that begins at x, y, so many times as large.
function paint(context, { bitmap, rotation, width, height }, x, y, times) {
  context.save();
  context.imageSmoothingQuality = "high";
  context.scale(times, times);
  context.translate(-x, -y);
  context.translate(width / 2, height / 2);
  context.rotate((rotation * Math.PI) / 180);
  context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  context.restore();
}

// drawn is a photo with the faces on it. Those that can be chosen are buttons.
export async function drawn(blob, faces = [], { rotation, labels, alt = "The photo", chosen = -1, onchoose, landmarks = true, max = 1280 } = {}) {
  const node = el("figure", { class: "drawn" });
  let of;
  try {
    of = await upright(blob, rotation ?? faces[0]?.rotation ?? 0);
  } catch {
    return fill(node, el("p", { class: "soft" }, "The browser cannot show this photo."));
  }
  const times = Math.min(1, max / Math.max(of.width, of.height));
  const canvas = el("canvas", { width: Math.max(1, Math.round(of.width * times)), height: Math.max(1, Math.round(of.height * times)), role: "img", "aria-label": faces.length ? `${alt}, with ${faces.length} ${faces.length === 1 ? "face" : "faces"} marked` : alt });
  paint(canvas.getContext("2d"), of, 0, 0, times);
  of.bitmap.close();
  const stage = el("div", { class: "stage", vars: { "--ratio": of.width / of.height, "--wide": `${of.width}px` } }, canvas);
  const boxes = faces.map((face, i) => {
    const { x, y, width, height } = face.box;
    const text = face.label ?? labels?.[i] ?? (faces.length > 1 ? String(i + 1) : "");
    const props = {
      class: `box ${face.tone ?? ""}`,
      vars: { "--x": x / of.width, "--y": y / of.height, "--w": width / of.width, "--h": height / of.height },
    };
    return onchoose
      ? el("button", { ...props, type: "button", "aria-pressed": "false", "aria-label": `Face ${i + 1}${face.told ? `: ${face.told}` : ""}`, onclick: () => { node.choose(i); onchoose(i); } }, text && el("span", null, text))
      : el("div", props, text && el("span", null, text));
  });
  if (landmarks) {
    stage.append(svg("svg", { class: "points", viewBox: `0 0 ${of.width} ${of.height}`, preserveAspectRatio: "none", "aria-hidden": "true" },
      faces.flatMap((face) => (face.landmarks ?? []).map((p) => svg("ellipse", { cx: p.x, cy: p.y, rx: Math.max(1, face.box.width / 45), ry: Math.max(1, face.box.width / 45) })))));
  }
  stage.append(...boxes);
  node.append(stage);
  node.choose = (i) => boxes.forEach((box, at) => {
    box.classList.toggle("chosen", at === i);
    if (onchoose) box.setAttribute("aria-pressed", String(at === i));
  });
  if (chosen >= 0) node.choose(chosen);
  return node;
}

// crop is a square picture of one face.
export async function crop(blob, box, { size = 96, alt = "", rotation = 0, margin = 0.25 } = {}) {
  const canvas = el("canvas", { class: "face", width: size * 2, height: size * 2, vars: { "--size": `${size}px` }, ...(alt ? { role: "img", "aria-label": alt } : { "aria-hidden": "true" }) });
  try {
    const of = await upright(blob, rotation);
    const side = Math.max(box.width, box.height) * (1 + 2 * margin);
    paint(canvas.getContext("2d"), of, box.x + box.width / 2 - side / 2, box.y + box.height / 2 - side / 2, (size * 2) / side);
    of.bitmap.close();
  } catch { /* an empty place stands for what cannot be shown */ }
  return canvas;
}

// thumb is a picture of the server's, in a place of fixed size: a sign stands there until
// it has come, and where there is none.
export function thumb(path, { alt = "", size = 56, signal, box, rotation } = {}) {
  const node = el("span", { class: "face", vars: { "--size": `${size}px` } }, icon("person"));
  if (path) {
    call("GET", path, { raw: true, signal }).then((response) => response.blob()).then(async (blob) => {
      if (box) return fill(node, await crop(blob, box, { size, alt, rotation }));
      const url = URL.createObjectURL(blob);
      const image = el("img", { alt, src: url, decoding: "async", onload: () => URL.revokeObjectURL(url), onerror: () => { URL.revokeObjectURL(url); fill(node, icon("person")); } });
      fill(node, image);
    }).catch(() => {});
  }
  return node;
}

// told says how many faces were found, to whoever does not see the boxes.
export const told = (faces) => say(faces.length === 0 ? "No face was found." : `${faces.length} ${faces.length === 1 ? "face was" : "faces were"} found.`);
