// What runs compiled programs, as a file: shipped folders hold a copy of it.

/** JavaScript that imports nothing. */
export const RUNNER_FILE = new URL('./compiled.mjs', import.meta.url)

/** Python that imports NumPy, and wasmtime if there is no compiler. */
export const PYTHON_RUNNER_FILE = new URL('./compiled.py', import.meta.url)
