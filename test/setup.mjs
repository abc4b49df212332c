// Before each file of unit tests. It is evaluated again for each; what it imports is loaded once in a worker.
import './native-typescript.mjs'

const { setUpFile } = await import('./seed.ts')
setUpFile()
