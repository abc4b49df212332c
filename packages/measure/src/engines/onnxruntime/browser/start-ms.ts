// Apart from the browser's code, which is imported where a browser is opened: every trial's process knows all engines, and few open one.

/** Chromium, its page and the engine's WebAssembly: 2 s where the machine is idle. */
export const BROWSER_START_MS = 20_000
