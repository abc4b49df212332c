// Before each file of a project whose files share a process. It is evaluated again for each; what it imports is loaded once in a worker, and asked for
// once, since each import goes through the thread of the hooks.
const KEPT = Symbol.for('whyslow.test-set-up')

globalThis[KEPT] ??= await import('./native-typescript.mjs').then(() => import('./seed.ts'))
globalThis[KEPT].setUpFile()
