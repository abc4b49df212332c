// Builds packages/report/web/ into one file, dist/report/web/shell.html.br: template, style and script with their hashes in the policy. What is left open (title,
// sentence, data, connections) is filled by packages/report/src/html when a report is written. Builds again only when a source has changed.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants } from 'node:zlib'
import { cache, root } from './cache.mjs'

const web = join(root, 'packages/report/web')
/** Where the shell lies once it is built. */
export const shellFile = join(root, 'dist/report/web/shell.html.br')
const stamp = join(cache, 'web-stamp')

/** More than this is a mistake; a report's own data comes on top. */
const MOST_BYTES = 600_000
/** Placeholders that this script leaves open: they are filled when a page is written. */
const OPEN = ['title', 'answer', 'data', 'connect']

/** Does nothing where neither sources nor the shell have changed. */
export async function buildWeb() {
  const now = fingerprint()
  if (existsSync(shellFile) && existsSync(stamp) && readFileSync(stamp, 'utf8') === now) return
  const shell = fill(readFileSync(join(web, 'shell.html'), 'utf8'), await bundle())
  const size = Buffer.byteLength(shell)
  if (size > MOST_BYTES) throw new Error(`the page takes ${size} bytes without data; at most ${MOST_BYTES}`)
  mkdirSync(join(shellFile, '..'), { recursive: true })
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 }
  writeFileSync(shellFile, brotliCompressSync(Buffer.from(shell), { params: quality }))
  mkdirSync(join(stamp, '..'), { recursive: true })
  writeFileSync(stamp, now)
}

/** Script and style, as they stand between their tags. */
async function bundle() {
  const { build } = await import('vite')
  const { output } = await build({
    root: web,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    // The smaller half of Preact's warnings is for development.
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      cssCodeSplit: false,
      reportCompressedSize: false,
      rolldownOptions: { input: join(web, 'src/main.tsx'), output: { codeSplitting: false, format: 'iife' } },
    },
  })
  const script = output.find(({ type, isEntry }) => type === 'chunk' && isEntry)?.code
  const style = output.find(({ fileName }) => fileName.endsWith('.css'))?.source
  if (script === undefined || style === undefined) throw new Error('vite gave no script or no style')
  // Nothing in them may end the element that they stand in.
  return {
    script: script.trim().replace(/<(?=\/script|!--|script)/gi, () => '\\x3c'),
    style: String(style).trim(),
  }
}

function fill(template, { script, style }) {
  if (/<\/style/i.test(style)) throw new Error('the style holds the end of its element')
  const slots = { 'script-hash': hashOf(script), 'style-hash': hashOf(style), style, script }
  const shell = Object.entries(slots).reduce((text, [name, value]) => text.split(`%whyslow:${name}%`).join(value), template)
  for (const name of OPEN)
    if (shell.split(`%whyslow:${name}%`).length !== 2) throw new Error(`the page has not one %whyslow:${name}%`)
  return shell
}

/** Hash of the exact bytes between the tags. */
const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

function fingerprint() {
  const hash = createHash('sha256')
  const own = ['scripts/build-web.mjs', 'package-lock.json'].map((name) => join(root, name))
  const sources = [web, join(root, 'packages/report/src')].flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(tsx?|css|html|json)$/.test(entry.name) && !/\.test\./.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  for (const file of [...own, ...sources].sort()) hash.update(file.slice(root.length)).update('\0').update(readFileSync(file))
  return hash.digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildWeb()
