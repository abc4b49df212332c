// Code of shipped folders that is ours: the server (packages/serving/src/serve/folder/), what calls the engines (packages/measure/src/engines/*/folder.ts), and
// of folders that generate text (packages/generation/src/ship/folder/) the loop, the server and each engine; each with all that it imports, as
// files that need nothing but what is in the folder. Names and lines stay, since whoever gets the folder can read it; in the package they are
// compressed, as the page is.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { root } from './cache.mjs'
import { promClient } from './prom-client.mjs'

const GENERATION = 'packages/generation/src/ship/folder'
/** Each engine of generators that can be shipped has an entry there. */
const engines = readdirSync(join(root, GENERATION)).flatMap((name) => /^(engine-[\w-]+)\.ts$/.exec(name)?.[1] ?? [])

/** The compiled file that each is made of; names are places in dist/, without `.mjs`. */
const BUNDLES = {
  'model/ship/shipped/serve': 'dist/serving/serve/folder/serve-folder.js',
  'model/ship/shipped/serve-worker': 'dist/serving/serve/folder/serve-worker.js',
  'model/ship/shipped/onnxruntime': 'dist/measure/engines/onnxruntime/folder.js',
  'model/ship/shipped/openvino': 'dist/measure/engines/openvino/folder.js',
  'model/ship/shipped/litert': 'dist/measure/engines/litert/folder.js',
  'generation/ship/shipped/generate': 'dist/generation/ship/folder/generate-folder.js',
  'generation/ship/shipped/server': 'dist/generation/ship/folder/serve-folder.js',
  ...Object.fromEntries(engines.map((name) => [`generation/ship/shipped/${name}`, `dist/generation/ship/folder/${name}.js`])),
}
/** Packages that are not ours and go into these bundles: their licences must be in all copies. */
const OTHERS = {
  'model/ship/shipped/serve': ['@bufbuild/protobuf', 'prom-client'],
  'generation/ship/shipped/generate': ['@huggingface/jinja'],
}
const dist = join(root, 'dist')
export const bundleFiles = Object.keys(BUNDLES).map((name) => join(dist, `${name}.mjs.br`))

/** Licence of what reads and writes messages of gRPC, which is not ours: it must be in all copies. */
function licenceOf(name) {
  const parts = readFileSync(join(root, 'scripts/bundled-licences.txt'), 'utf8').split('\n----\n')
  const part = parts.find((one) => `\n${one}`.includes(`\n${name} (`))
  if (part === undefined) throw new Error(`scripts/bundled-licences.txt says nothing of ${name}`)
  return part.slice(part.indexOf(name)).trim().split('\n')
}

export async function buildServe() {
  const { outputFiles } = await build({
    entryPoints: Object.entries(BUNDLES).map(([out, from]) => ({ in: join(root, from), out })),
    absWorkingDir: root,
    outdir: dist,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // The user installs them, the first if gRPC is wanted.
    external: ['@grpc/grpc-js', 'koffi', 'onnxruntime-node', 'node-llama-cpp'],
    legalComments: 'none',
    plugins: [promClient],
  })
  for (const { path, text } of outputFiles) {
    const name = Object.keys(BUNDLES).find((one) => path === join(dist, `${one}.mjs`))
    const licences = (OTHERS[name] ?? []).flatMap(licenceOf).map((line) => `// ${line}`.trimEnd())
    const whole = licences.length === 0 ? text : `${text}\n// Parts of this file are from:\n//\n${licences.join('\n')}\n`
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(`${path}.br`, brotliCompressSync(whole))
  }
}
