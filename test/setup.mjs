// Before each file of a project whose files share a process. It is evaluated again for each; what it imports is loaded once in a worker.
import './native-typescript.mjs'

const { setUpFile } = await import('./seed.ts')
setUpFile()
