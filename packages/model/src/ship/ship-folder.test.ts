import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { type Disk, nodeDisk } from '@whyslow/command/model-files/disk.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type typescript from 'typescript'
import { describe, expect, test } from 'vitest'
import { fullOr } from '../../../../test/only-full.ts'
import { ts } from '../../../../test/typescript.ts'
import { FIXTURES, planFor, scratch } from '../../test/support/ship/example-plan.ts'
import { shipFolder } from './ship-folder.ts'

const model = path.join(FIXTURES, 'external-data.onnx')

/** Every file's hash and size is as the manifest says, and nothing else is there. */
function expectComplete(folder: string): Record<string, unknown> & { createdAt: string } {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'))
  for (const { path: name, sizeBytes, sha256 } of manifest.files) {
    const bytes = fs.readFileSync(path.join(folder, name))
    expect([name, bytes.byteLength, createHash('sha256').update(bytes).digest('hex')]).toEqual([name, sizeBytes, sha256])
  }
  const listed = manifest.files.map((file: { path: string }) => file.path)
  expect(fs.readdirSync(folder).sort()).toEqual([...listed, 'manifest.json'].sort())
  return manifest
}

class Stop extends Error {}

/** A disk on which the operation number `at` fails with `code`; without a code, nothing happens any more from there on, as after SIGKILL. */
function disturbed(at: number, code?: string): Disk & { operations(): number; failed(): string } {
  let count = 0
  let failed = ''
  const wrapped = Object.entries(nodeDisk).map(([name, operation]) => [
    name,
    (...values: unknown[]) => {
      const now = count++
      if (now === at) failed = name
      if (code === undefined && now >= at && name === 'close') return nodeDisk.close(values[0] as number)
      if (code === undefined && now >= at) {
        // A write that was cut off leaves a part.
        if (now === at && name === 'write') nodeDisk.write(values[0] as number, (values[1] as Uint8Array).subarray(0, 3))
        throw new Stop()
      }
      if (now === at) throw Object.assign(new Error(code), { code, syscall: name })
      return (operation as (...values: unknown[]) => unknown)(...values)
    },
  ])
  return { ...(Object.fromEntries(wrapped) as Disk), operations: () => count, failed: () => failed }
}

async function operationsOf(run: (disk: Disk) => Promise<void>): Promise<number> {
  const disk = disturbed(Number.POSITIVE_INFINITY)
  await run(disk)
  return disk.operations()
}

describe('the folder', () => {
  test('holds what the manifest says, and the manifest where it came from', async () => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(model, out, { html: '<!doctype html>' })
    await shipFolder(plan)
    const manifest = expectComplete(out)
    expect(fs.readdirSync(out).sort()).toEqual(
      [
        'README.md',
        '__init__.py',
        'manifest.json',
        'model.onnx',
        'model.onnx.data',
        'onnxruntime.mjs',
        'options.json',
        'package.json',
        'predict-worker.mjs',
        'predict.d.mts',
        'predict.d.ts',
        'predict.mjs',
        'predict.py',
        'predict.pyi',
        'py.typed',
        'report.html',
        'report.json',
        'requirements.txt',
        'serve-worker.mjs',
        'serve.mjs',
      ].sort(),
    )
    expect(manifest).toMatchObject({
      schema: 'whyslow-folder/1',
      tool: { name: 'whyslow', version: '0.0.0' },
      model: 'model.onnx',
      engine: { id: 'ort-cpu', package: 'onnxruntime-node' },
      options: { session: { intraOpNumThreads: 1 }, reuseOutputs: false, directCall: false },
      provenance: { original: { file: 'external-data.onnx', sha256: plan.original.sha256 }, remedies: ['thread-count'] },
      measured: { what: 'per prediction', beforeMs: 41.3, afterMs: 20.5, speedupLow: 1.9, workerCostMs: 0.05 },
      machine: { cpu: 'Example CPU', bound: false },
    })
    const about = JSON.parse(fs.readFileSync(path.join(out, 'package.json'), 'utf8'))
    expect(about).toMatchObject({
      name: 'external-data-fast',
      private: true,
      type: 'module',
      dependencies: { 'onnxruntime-node': plan.engine.version },
    })
    expect(JSON.parse(fs.readFileSync(path.join(out, 'report.json'), 'utf8'))).toEqual(plan.report)
  })

  test('has no Python module if that failed, and says why', async () => {
    const out = path.join(scratch(), 'fast')
    const inPython = 'No Python module was shipped: in Python 3.11.7 it does not predict: no such operator'
    await shipFolder(await planFor(model, out, { leavesPythonOut: true, inPython }))
    expectComplete(out)
    expect(fs.readdirSync(out).filter((name) => /\.pyi?$|^py\.typed$|^requirements/.test(name))).toEqual([])
    const readme = fs.readFileSync(path.join(out, 'README.md'), 'utf8')
    expect(readme).toContain(`## In Python\n\n${inPython}.\n`)
    expect(readme).not.toContain('predict.py')
  })

  test('replaces one of whyslow, keeping what npm put there; not another, unless forced', async () => {
    const out = path.join(scratch(), 'fast')
    await shipFolder(await planFor(model, out))
    fs.mkdirSync(path.join(out, 'node_modules'))
    fs.writeFileSync(path.join(out, 'node_modules', 'a'), 'kept')
    await shipFolder(await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), out, { createdAt: 'later' }))
    expect(fs.readFileSync(path.join(out, 'node_modules', 'a'), 'utf8')).toBe('kept')
    fs.rmSync(path.join(out, 'node_modules'), { recursive: true })
    expect(expectComplete(out).createdAt).toBe('later')

    fs.writeFileSync(path.join(out, 'own.txt'), '')
    await expect(shipFolder(await planFor(model, out))).rejects.toThrow(InputError)
    await shipFolder(await planFor(model, out, { force: true }))
    expectComplete(out)
    expect(fs.readdirSync(path.dirname(out))).toEqual(['fast'])
  })

  test('a name made of anything', async () => {
    const folder = scratch()
    const file = path.join(folder, 'Ünïcode & (1).v2.onnx')
    fs.copyFileSync(path.join(FIXTURES, 'credit_mlp.onnx'), file)
    await shipFolder(await planFor(file, path.join(folder, 'fast')))
    expect(JSON.parse(fs.readFileSync(path.join(folder, 'fast', 'package.json'), 'utf8')).name).toBe('n-code-1-.v2-fast')
  })
})

describe('what others named stays text', () => {
  const EVIL = [
    '1\nevil()',
    '1\u2028evil()',
    '1 */ evil() /*',
    'https://example.com/evil.tgz',
    'file:../evil',
    'latest',
    '',
    ' 1',
  ]

  test.each(EVIL)('a version %j of the engine is refused, and nothing is written', async (version) => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), out)
    const engine = { ...plan.engine, version }
    await expect(shipFolder({ ...plan, engine })).rejects.toThrow(
      /^onnxruntime-node says that it is version ".*", which is not one: /,
    )
    await expect(shipFolder({ ...plan, engine })).rejects.toThrow(InputError)
    expect(fs.readdirSync(path.dirname(out))).toEqual([])
  })

  test.each(EVIL)('a version %j of a library is unknown', async (version) => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), out)
    const library = {
      name: 'OpenVINO',
      calledBy: { package: 'koffi', range: '^3.0.0' },
      place: { variable: 'OPENVINO_LIBRARY' },
      device: 'CPU',
      properties: {},
    } as unknown as NonNullable<typeof plan.engine.library>
    await shipFolder({ ...plan, engine: { ...plan.engine, version, library } })
    for (const name of ['predict.mjs', 'package.json', 'README.md'])
      expect(fs.readFileSync(path.join(out, name), 'utf8')).not.toMatch(/evil|latest/)
    expect(fs.readFileSync(path.join(out, 'predict.mjs'), 'utf8')).toMatch(/ with OpenVINO of unknown version, as README.md says/)
  })

  test('names and sizes of a model, in types and in JSON', async () => {
    const out = path.join(scratch(), 'fast')
    const plan = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), out)
    const name = '\'"`\\ */ \u0024{evil()}\n\u2028evil()'
    const inputs = [{ name, isTensor: true, dtype: 'float32' as const, shape: ['N*/ evil()', '*\n/\u2028evil()', 3] }]
    await shipFolder({ ...plan, inputs, changes: [name], remedies: ['thread-count'] })
    const types = fs.readFileSync(path.join(out, 'predict.d.ts'), 'utf8')
    const parsed = ts.createSourceFile('predict.d.ts', types, ts.ScriptTarget.Latest, true)
    expect((parsed as unknown as { parseDiagnostics: unknown[] }).parseDiagnostics).toEqual([])
    expect(parsed.statements.map(({ kind }) => ts.SyntaxKind[kind])).not.toContain('ExpressionStatement')
    const feeds = parsed.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === 'Feeds')!
    expect(feeds.members.map((one) => (one.name as typescript.StringLiteral).text)).toEqual([name])
    expect(JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8')).inputs[0].name).toBe(name)
  })
})

/** `npm test` disturbs every third operation. */
const STEP = fullOr(1, 5)

describe('where something goes wrong', () => {
  test('killed before any operation: none or a complete one, and the next run finds its way', async () => {
    const count = await operationsOf(async (disk) => shipFolder(await planFor(model, path.join(scratch(), 'fast')), disk))
    expect(count).toBeGreaterThan(40)
    for (let at = 0; at < count; at += STEP) {
      const out = path.join(scratch(), 'fast')
      await shipFolder(await planFor(model, out), disturbed(at)).catch((error) => expect(error).toBeInstanceOf(Stop))
      if (fs.existsSync(out)) expectComplete(out)
      await shipFolder(await planFor(model, out))
      expectComplete(out)
      expect(fs.readdirSync(path.dirname(out))).toEqual(['fast'])
    }
  })

  test('killed while replacing: the old one or the new one, whole, after the next look at it', async () => {
    const old = await planFor(model, '', { createdAt: 'old' })
    const fresh = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), '', { createdAt: 'new' })
    const prepared = async () => {
      const out = path.join(scratch(), 'fast')
      await shipFolder({ ...old, out })
      return out
    }
    const out = await prepared()
    const count = await operationsOf((disk) => shipFolder({ ...fresh, out }, disk))
    const seen = new Set<string>()
    // From the end: few operations come after the new folder is in its place.
    for (let at = count - 1; at >= 0; at -= STEP) {
      const out = await prepared()
      await shipFolder({ ...fresh, out }, disturbed(at)).catch((error) => expect(error).toBeInstanceOf(Stop))
      if (fs.existsSync(out)) expectComplete(out)
      // The next run is stopped by the signal after it has looked.
      await shipFolder({ ...fresh, out, signal: AbortSignal.abort() }).catch(() => undefined)
      seen.add(expectComplete(out).createdAt)
      expect(fs.readdirSync(path.dirname(out))).toEqual(['fast'])
    }
    expect(seen).toEqual(new Set(['old', 'new']))
  })

  test('a disk that is full at any operation: one line, nothing left, what was there untouched', async () => {
    const old = await planFor(model, '', { createdAt: 'old' })
    const out = path.join(scratch(), 'fast')
    await shipFolder({ ...old, out })
    const count = await operationsOf(async (disk) => shipFolder({ ...old, out: path.join(scratch(), 'fast') }, disk))
    for (let at = 0; at < count; at += STEP) {
      const disk = disturbed(at, 'ENOSPC')
      const said = await shipFolder({ ...old, out, createdAt: 'new' }, disk).catch((error) => error)
      if (said !== undefined) {
        expect(said).toBeInstanceOf(InputError)
        expect(said.message).toMatch(/^-o .*fast: cannot be written: the disk is full; make room/)
      }
      // What cannot be removed is removed by the next run.
      if (disk.failed() !== 'remove') expect(fs.readdirSync(path.dirname(out))).toEqual(['fast'])
      expect(expectComplete(out).createdAt).toBe(said === undefined ? 'new' : 'old')
      await shipFolder({ ...old, out })
      expect(fs.readdirSync(path.dirname(out))).toEqual(['fast'])
    }
  })

  test('stopped by its signal: the reason, nothing left', async () => {
    const out = path.join(scratch(), 'fast')
    const controller = new AbortController()
    let writes = 0
    const write: Disk['write'] = (descriptor, bytes) => {
      nodeDisk.write(descriptor, bytes)
      if (++writes === 5) controller.abort(new Error('stopped'))
    }
    const plan = await planFor(model, out, { signal: controller.signal })
    await expect(shipFolder(plan, { ...nodeDisk, write })).rejects.toThrow('stopped')
    expect(fs.readdirSync(path.dirname(out))).toEqual([])
  })

  test('a bug is not taken for an error of the user', async () => {
    const write = () => {
      throw new TypeError('a bug')
    }
    const plan = await planFor(model, path.join(scratch(), 'fast'))
    await expect(shipFolder(plan, { ...nodeDisk, write })).rejects.toThrow(TypeError)
  })
})
