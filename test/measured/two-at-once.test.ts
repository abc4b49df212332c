// Two commands on one machine at one time: one waits for the other, and what both write is whole.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { descendantsOf } from '@whyslow/measure/processes/end-process.ts'
import { describe, expect, test } from 'vitest'
import { type Ended, fixture, ownFolders, start, until, whyslow } from './command.ts'

const QUICK = ['--quick', '--duration', '0.3', '--no-progress']
/** Code that is measured until the gate opens: its first call begins under the lock. */
const GATED = `import { existsSync, writeFileSync } from 'node:fs'
const beside = (name) => process.env.TMPDIR + '/../' + name
export const samples = () => [1]
export async function predict(x) {
  writeFileSync(beside('begun'), '')
  while (!existsSync(beside('gate'))) await new Promise((resolve) => setTimeout(resolve, 20))
  return x
}
`

/** Files below a folder, by path. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())

const expectFine = ({ status, stderr }: Ended) => expect([status, stderr]).toEqual([0, ''])

describe.concurrent('two commands at one time', () => {
  test('the second one says who it waits for, and both measure', async (context) => {
    const where = ownFolders(context)
    const env = { WHYSLOW_LOCK: join(where.root, 'lock'), WHYSLOW_LOCK_TOKEN: undefined }
    const app = join(where.root, 'app.mjs')
    writeFileSync(app, GATED)
    const first = start(where, ['pipeline', app, '--quick', '--no-progress'], { env })
    await until(first, () => existsSync(join(where.root, 'begun')))
    const holders = descendantsOf(first.child.pid!)
    const second = start(where, [fixture('lstm'), ...QUICK], { env })
    await until(second, () => second.said.stderr.endsWith('\n'))
    const said = /^whyslow: waiting for another measurement on this machine \(process (\d+)\); --no-lock measures at once\n$/
    expect(second.said.stderr).toMatch(said)
    expect(holders).toContain(Number(said.exec(second.said.stderr)![1]))
    expect(second.said.stdout).toBe('')
    writeFileSync(join(where.root, 'gate'), '')
    expectFine(await first.ended)
    const { status, stdout } = await second.ended
    expect([status, stdout === '']).toEqual([0, false])
  })

  test('each is saved in the history', async (context) => {
    const where = ownFolders(context)
    const argv = [fixture('lstm'), ...QUICK, '--save']
    const both = await Promise.all([whyslow(where, ...argv), whyslow(where, ...argv)])
    expect(both.map(({ status }) => status)).toEqual([0, 0])
    const [history, ...more] = filesIn(where.data)
    expect(more).toEqual([])
    const lines = readFileSync(history!, 'utf8').split('\n')
    expect(lines.pop()).toBe('')
    expect(lines.map((line) => (JSON.parse(line) as { savedAt: string }).savedAt)).toEqual([
      expect.any(String),
      expect.any(String),
    ])
    expect(where.left()).toEqual([])
  })

  test('of two that ship to one folder, either leaves a whole one', async (context) => {
    const where = ownFolders(context)
    const out = join(where.root, 'fast')
    const argv = ['fix', fixture('credit_mlp'), '-o', out, '--only', 'memory-arena', '--budget', '1s', '--no-progress']
    const both = await Promise.all([whyslow(where, ...argv), whyslow(where, ...argv)])
    for (const one of both) expectFine(one)
    const { files } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      files: readonly { path: string; sizeBytes: number }[]
    }
    for (const { path, sizeBytes } of files) expect([path, statSync(join(out, path)).size]).toEqual([path, sizeBytes])
    expect(existsSync(join(out, 'predict.mjs'))).toBe(true)
    // Nothing set aside, nothing half written.
    expect(readdirSync(where.root).filter((name) => name.startsWith('fast'))).toEqual(['fast'])
    expect(where.left()).toEqual([])
  })
})
