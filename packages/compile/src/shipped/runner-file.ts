// What runs compiled programs, as a file: shipped folders hold a copy of it.

/** JavaScript that imports nothing. */
export const RUNNER_FILE = new URL('./compiled.mjs', import.meta.url)
