// A folder that somebody else filled: the command looks at the model there, and runs nothing of the rest. Every trap makes a file if it is run.
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { EnginesDocument } from '@whyslow/report/documents/engines.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { describe, expect, type TestContext, test } from 'vitest'
import { ROOT } from '../root.ts'
import { fixture, ownFolders, whyslow } from './command.ts'

const isRoot = process.getuid?.() === 0
const ROOTS = 'only root gives a folder to another user'
const MALLORY = 61_234
const NAME = 'onnxruntime-node'
const OTHERS = ['onnxruntime-web', 'koffi', '@tensorflow/tfjs', 'openvino-node', 'playwright-core', 'sharp', 'onnxsim']

/** A program that ends at once: starting a browser takes longer than all else, and the test with every package does it. */
const NO_BROWSER = ['--browser', '/bin/false']

/** A folder of a test, with what may lie in one, and what is asked of the command there. */
function strangersFolder(context: TestContext) {
  const where = ownFolders(context)
  const marker = join(where.root, 'ran')
  const ran = () => (existsSync(marker) ? readFileSync(marker, 'utf8') : '')
  const javascript = (what: string) => `require('fs').appendFileSync(${JSON.stringify(marker)}, ${JSON.stringify(`${what}\n`)})\n`
  const python = (what: string) => `open(${JSON.stringify(marker)}, 'a').write(${JSON.stringify(`${what}\n`)})\n`

  function write(file: string, text: string): void {
    mkdirSync(dirname(join(where.cwd, file)), { recursive: true })
    writeFileSync(join(where.cwd, file), text)
  }

  function packageAt(folder: string, name: string): void {
    write(join(folder, 'package.json'), JSON.stringify({ name, version: '6.6.6', main: 'x.js' }))
    write(join(folder, 'x.js'), javascript(`${name} in ${folder || 'the folder'}`))
  }

  /** A program in place of the interpreter. */
  function environmentAt(folder: string): void {
    write(join(folder, 'pyvenv.cfg'), 'home = /usr/bin\n')
    const file = join(where.cwd, folder, 'bin/python')
    write(join(folder, 'bin/python'), `#!/bin/sh\necho environment >> '${marker}'\n`)
    symlinkSync('python', join(where.cwd, folder, 'bin/python3'))
    for (const at of ['', 'pyvenv.cfg', 'bin', 'bin/python']) chownSync(join(where.cwd, folder, at), MALLORY, MALLORY)
    expect(existsSync(file)).toBe(true)
  }

  async function reportOf(model: string): Promise<ReportDocument> {
    const { stdout, stderr } = await whyslow(where, model, '--quick', '--duration', '0.3', '--json', '-')
    expect(ran(), stderr).toBe('')
    return JSON.parse(stdout) as ReportDocument
  }

  async function engines(...flags: string[]): Promise<EnginesDocument['engines']> {
    const { stdout, stderr } = await whyslow(where, 'engines', ...flags, '--json', '-')
    expect(ran(), stderr).toBe('')
    return (JSON.parse(stdout) as EnginesDocument).engines
  }
  return { where, ran, write, python, packageAt, environmentAt, reportOf, engines }
}

const OWN = join(ROOT, 'node_modules', NAME)

describe.concurrent('runs nothing of a folder', () => {
  test('whose package.json says that it is the engine', async (context) => {
    const { where, packageAt, reportOf } = strangersFolder(context)
    packageAt('', NAME)
    cpSync(fixture('credit_mlp'), join(where.cwd, 'model.onnx'))
    const { engine, warnings } = await reportOf('model.onnx')
    expect(engine!.version).toBe(JSON.parse(readFileSync(join(OWN, 'package.json'), 'utf8')).version)
    expect(warnings).toContainEqual(`${where.cwd} was passed over: it is not in a node_modules folder`)
  })

  test('with packages that it does not declare, and modules that Python would import first', async (context) => {
    const { where, ran, write, python, packageAt, reportOf, engines } = strangersFolder(context)
    write('package.json', '{}')
    for (const name of [NAME, ...OTHERS]) packageAt(join('node_modules', name), name)
    for (const name of ['json', 'numpy', 'keras', 'importlib', 'sitecustomize', 'os', 'struct', 'h5py'])
      write(`${name}.py`, python(name))
    cpSync(join(ROOT, 'fixtures/formats/keras/k3-dense-sequential.keras'), join(where.cwd, 'model.keras'))
    const { model, warnings } = await reportOf('model.keras')
    expect(model!.format).toBe('keras')
    const [package_, project] = [join(where.cwd, 'node_modules', NAME), join(where.cwd, 'package.json')]
    const says = `${package_} was passed over: ${project} does not declare it as a dependency`
    expect(warnings).toContainEqual(says)
    const rows = await engines()
    expect(rows.find(({ id }) => id === 'ort-cpu')).toMatchObject({ here: true, passedOver: says })
    // The user may name it all the same.
    const named = await whyslow(where, 'engines', '--ort', package_, ...NO_BROWSER)
    expect([named.status, ran()], named.stderr).toEqual([0, expect.stringContaining(`${NAME} in`)])
  })

  test('that belongs to another user, with packages that it declares', async (context) => {
    if (!isRoot) context.skip(ROOTS)
    const { where, write, packageAt, engines } = strangersFolder(context)
    write('package.json', JSON.stringify({ dependencies: { [NAME]: '1' } }))
    packageAt(join('node_modules', NAME), NAME)
    chownSync(where.cwd, MALLORY, MALLORY)
    expect((await engines(...NO_BROWSER)).find(({ id }) => id === 'ort-cpu')).toMatchObject({
      here: true,
      passedOver: `${join(where.cwd, 'node_modules', NAME)} was passed over: ${where.cwd} belongs to another user`,
    })
  })

  test('with an environment of another user', async (context) => {
    if (!isRoot) context.skip(ROOTS)
    const { where, environmentAt, engines } = strangersFolder(context)
    environmentAt('.venv')
    const row = (await engines(...NO_BROWSER)).find(({ id }) => id === 'python-keras')!
    const told = row.here ? row.passedOver : row.reason
    expect(told).toContain(`the environment ${join(where.cwd, '.venv')} was passed over: ${join(where.cwd, '.venv')} belongs to`)
  })
})

test.concurrent("the project's own package is measured, and the report names it", async (context) => {
  const { where, write, reportOf } = strangersFolder(context)
  write('package.json', JSON.stringify({ devDependencies: { [NAME]: '*' } }))
  mkdirSync(join(where.cwd, 'node_modules'))
  symlinkSync(OWN, join(where.cwd, 'node_modules', NAME))
  cpSync(fixture('credit_mlp'), join(where.cwd, 'model.onnx'))
  const { engine, warnings } = await reportOf('model.onnx')
  expect(warnings.filter((one) => one.includes('passed over'))).toEqual([])
  expect(engine!.from).toContain(NAME)
})
