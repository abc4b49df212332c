// Before packing: the packages whose smaller part we use travel inside dist/vendor, one instance of each for all our files, instead of being
// installed whole with it: of @bufbuild/protobuf's 2 MB some 100 kB run. Their declarations come along as far as public ones name them
// (slim.mjs removes the rest), and their licences.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { promClient } from './prom-client.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const vendor = join(dist, 'vendor')
const modules = join(root, 'node_modules')

/** The file in dist/vendor that replaces each specifier, without extension. */
const BUNDLED = {
  'onnx-buf': 'onnx-buf/onnx_pb',
  '@bufbuild/protobuf': 'protobuf/index',
  '@bufbuild/protobuf/codegenv2': 'protobuf/codegenv2/index',
  '@bufbuild/protobuf/wire': 'protobuf/wire/index',
  flatbuffers: 'flatbuffers/index',
  '@babel/parser': 'babel-parser',
  'jpeg-js': 'jpeg-js',
  'prom-client': 'prom-client',
  '@huggingface/tokenizers': 'tokenizers',
  '@modelcontextprotocol/sdk/server/index.js': 'mcp/server',
  '@modelcontextprotocol/sdk/server/stdio.js': 'mcp/stdio',
  '@modelcontextprotocol/sdk/types.js': 'mcp/types',
}

/** What our files name of packages in CommonJS: as modules they export nothing by name. Of jpeg-js, the encoder stays out. */
const NAMED = {
  '@babel/parser': "export { parse } from '@babel/parser'",
  'jpeg-js': "export { default as decode } from 'jpeg-js/lib/decoder.js'",
}

/**
 * Of the protocol's package: a validator of JSON Schemas that a server needs only if it asks the user something (elicitation), which ours does not.
 */
const withoutValidator = {
  name: 'without-validator',
  setup(build) {
    build.onLoad({ filter: /[\\/]sdk[\\/]dist[\\/]esm[\\/]validation[\\/]ajv-provider\.js$/ }, () => ({
      contents: 'export class AjvJsonSchemaValidator {}',
    }))
  },
}

const ours = filesOf(dist)
const entries = join(vendor, 'entries')
mkdirSync(entries, { recursive: true })
await build({
  entryPoints: Object.entries(BUNDLED).map(([specifier, out]) => ({ in: entryOf(specifier), out })),
  nodePaths: [modules],
  absWorkingDir: root,
  outdir: vendor,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  // As modules, not as CommonJS, whose exports nobody could name.
  mainFields: ['module', 'main'],
  target: 'node20',
  legalComments: 'none',
  plugins: [promClient, withoutValidator],
})
rmSync(entries, { recursive: true })
copyDeclarations(join(modules, 'onnx-buf/dist'), 'onnx-buf')
copyDeclarations(join(modules, '@bufbuild/protobuf/dist/esm'), 'protobuf')
cpSync(join(modules, 'prom-client/index.d.ts'), join(vendor, 'prom-client.d.ts'))
for (const file of [...ours, ...filesOf(vendor)].filter((name) => /\.(js|d\.ts)$/.test(name))) redirect(file)
cpSync(join(root, 'scripts/bundled-licences.txt'), join(vendor, 'LICENSES.txt'))

function entryOf(specifier) {
  const code = NAMED[specifier]
  if (code === undefined) return specifier
  const file = join(entries, `${BUNDLED[specifier]}.mjs`)
  writeFileSync(file, `${code}\n`)
  return file
}

function copyDeclarations(from, name) {
  for (const file of filesOf(from).filter((one) => one.endsWith('.d.ts'))) cpSync(file, join(vendor, name, relative(from, file)))
}

/** Imports of what is bundled lead to dist/vendor. */
function redirect(file) {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(/(\bfrom\s*|\bimport\(\s*|\bimport\s*)(['"])([^'"]+)\2/g, (whole, before, quote, specifier) => {
    const at = BUNDLED[specifier]
    if (at === undefined) return whole
    const path = relative(dirname(file), join(vendor, `${at}.js`))
      .split(sep)
      .join('/')
    return `${before}${quote}${path.startsWith('.') ? path : `./${path}`}${quote}`
  })
  if (changed !== text) writeFileSync(file, changed)
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
