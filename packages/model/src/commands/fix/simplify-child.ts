// Simplifies one model: arguments are the module that ends this process with its parent, and the files to read and to write. Evaluated with
// onnxsim's own folder as the current one, so that both imports are those that the package itself would take.
import fs from 'node:fs'

const [endWithParent, input, output] = process.argv.slice(1)
;((await import(endWithParent!)) as typeof import('@whyslow/measure/trials/end-with-parent.ts')).endWithParent()
const ort = await import('onnxruntime-web')
const { env } = ort.default ?? ort
env.wasm.numThreads = 1
const { simplify } = await import('onnxsim')
const { model } = await simplify(fs.readFileSync(input!))
fs.writeFileSync(output!, model)
// Whatever the packages left running ends with it.
process.exit(0)
