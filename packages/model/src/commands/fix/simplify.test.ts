import fs from 'node:fs'
import path from 'node:path'
import { model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { folderOfTests } from '@whyslow/measure/support/trials/example-folder.ts'
import { describe, expect, test } from 'vitest'
import { type ChildEnd, loadSimplify, type RunNode } from './simplify.ts'

const proto = model({
  nodes: [node('Relu', ['x'], ['y'])],
  inputs: [valueInfo('x', 'float32', [2])],
  outputs: [valueInfo('y', 'float32', [2])],
})
const given = modelInMemory(proto)
const root = folderOfTests()

/** A project that declares the packages, which have nothing but an entry. */
function install(name: string, body = ''): string {
  const folder = path.join(root, name)
  const write = (dependency: string, text: string) => {
    const at = path.join(folder, 'node_modules', dependency)
    fs.mkdirSync(at, { recursive: true })
    const entry = { name: dependency, version: '1.0.0', type: 'module', exports: { '.': { import: './index.mjs' } } }
    fs.writeFileSync(path.join(at, 'package.json'), JSON.stringify(entry))
    fs.writeFileSync(path.join(at, 'index.mjs'), text)
  }
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ dependencies: { onnxsim: '1.0.0' } }))
  write('onnxruntime-web', 'export const env = { wasm: {} }')
  write('onnxsim', `import { env } from 'onnxruntime-web'\nexport async function simplify(bytes) { ${body} }`)
  return folder
}

describe('on a scripted child', () => {
  const from = install('scripted')
  /** The child ends so, after it has written what it is to. */
  const simplifyWith = (ended: ChildEnd, write: (input: string, output: string) => void = () => {}) => {
    const asked: Parameters<RunNode>[] = []
    const run: RunNode = async (args, folder, limitMs) => {
      asked.push([args, folder, limitMs])
      write(args.at(-2)!, args.at(-1)!)
      return ended
    }
    return { asked, simplify: loadSimplify({ from: path.join(from, 'deeper', 'down'), limitMs: 1000, run })! }
  }

  test('gives what the package makes of the model, from a folder above', async () => {
    const { asked, simplify } = simplifyWith({ ok: true }, fs.copyFileSync)
    const simplified = await simplify(given)
    expect(simplified.proto).toEqual(proto)
    expect(simplified.source).toBe(given.source)
    const [[args, folder, limitMs]] = asked as [Parameters<RunNode>]
    expect([folder, limitMs]).toEqual([path.join(from, 'node_modules', 'onnxsim'), 1000])
    // Nothing is left behind.
    expect(fs.existsSync(path.dirname(args.at(-1)!))).toBe(false)
  })

  test.each([
    ["the package's own reason", 'simplify begin\nsimplify error: No Op registered for Cast\n', 'No Op registered for Cast'],
    [
      'the error that Node shows',
      'file:///x.js:1\n\nTypeError: simplify is not a function\n  at x',
      'TypeError: simplify is not a function',
    ],
    ['nothing', '', 'no reason given'],
  ])('says why it was refused: %s', async (_, stderr, reason) => {
    const { simplify } = simplifyWith({ ok: false, killed: false, stderr })
    await expect(simplify(given)).rejects.toThrow(`onnxsim refused the model: ${reason}`)
  })

  test('says that one that hangs was stopped', async () => {
    const { simplify } = simplifyWith({ ok: false, killed: true, stderr: '' })
    await expect(simplify(given)).rejects.toThrow('onnxsim was stopped: it took longer than 1 s')
  })

  test('refuses what is no model', async () => {
    const { simplify } = simplifyWith({ ok: true }, (_, output) => fs.writeFileSync(output, Uint8Array.of(1, 2, 3)))
    await expect(simplify(given)).rejects.toThrow(/simplified/)
  })

  test('refuses external data before anything runs', async () => {
    const { asked, simplify } = simplifyWith({ ok: true })
    const source = { sizeBytes: 0, read: () => new Uint8Array() }
    await expect(simplify({ ...given, weights: new Map([['weights.bin', source]]) })).rejects.toThrow('external data')
    expect(asked).toEqual([])
  })
})

test('in a process of its own: on one thread, with nothing printed', async () => {
  const body = "if (env.wasm.numThreads !== 1) throw new Error('threads'); console.log('a table'); return { model: bytes }"
  const simplified = await loadSimplify({ from: install('works', body) })!(given)
  expect(simplified.proto).toEqual(proto)
})
