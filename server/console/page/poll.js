// What changes by itself.

// again runs every so many milliseconds until it says that all is done, or the reader
// goes elsewhere. A server that is away is asked again.
export function again(pause, signal, run) {
  const next = () => setTimeout(async () => {
    if (signal.aborted) return;
    try {
      if (await run()) return;
    } catch (problem) {
      if (signal.aborted || problem?.name === "AbortError" || problem.status === 401 || problem.status === 404) return;
    }
    next();
  }, pause);
  next();
}
