import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { removeLeftovers } from '@whyslow/command/model-files/place.ts'
import { expect, test } from 'vitest'
import { FIXTURES, planFor, ROOT, scratch } from '../../test/support/ship/example-plan.ts'

const ship = path.join(ROOT, 'dist/model/ship/ship-folder.js')

/** A child that ships again and again; it says when it begins, and may end by itself. */
async function childThatShips(out: string, then = ''): Promise<string> {
  const folder = path.dirname(out)
  const { setup, ...plan } = await planFor(path.join(FIXTURES, 'credit_mlp.onnx'), out)
  fs.writeFileSync(path.join(folder, 'plan.json'), JSON.stringify({ ...plan, original: { ...plan.original, proto: undefined } }))
  const script = path.join(folder, 'ship.mjs')
  fs.writeFileSync(
    script,
    `import fs from 'node:fs'
import { shipFolder } from ${JSON.stringify(pathToFileURL(ship).href)}
const plan = JSON.parse(fs.readFileSync('plan.json', 'utf8'))
plan.original.proto = {}
const model = { proto: plan.original.proto, source: { format: 'onnx' }, weights: new Map() }
plan.setup = { model, options: ${JSON.stringify(setup.options)}, batchFactor: 1, machineBound: false }
console.log('begun')
${then}
for (;;) { await shipFolder(plan); console.log('shipped') }
`,
  )
  return script
}

test('killed with SIGKILL at any time: none or a complete one; the next run clears up', async () => {
  const folder = scratch()
  const out = path.join(folder, 'fast')
  const script = await childThatShips(out)
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, [script], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
    await new Promise((resolve, reject) =>
      child.stdout.once('data', resolve).once('end', () => reject(new Error('it did not begin'))),
    )
    // The first while nothing is complete yet, the others while one is replaced.
    let shipped = 0
    while (shipped < round) shipped += String((await once(child.stdout, 'data'))[0]).split('shipped').length - 1
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('exit', resolve))
    removeLeftovers(out)
    const names = fs.readdirSync(folder).filter((name) => name.startsWith('fast'))
    expect(['', 'fast']).toContain(names.join())
    if (round > 0) expect(names).toEqual(['fast'])
    if (names.length === 0) continue
    const { files } = JSON.parse(fs.readFileSync(path.join(out, 'manifest.json'), 'utf8'))
    for (const file of files) expect(fs.statSync(path.join(out, file.path)).size).toBe(file.sizeBytes)
  }
})

test('a process that exits meanwhile removes what it began', async () => {
  const folder = scratch()
  const script = await childThatShips(path.join(folder, 'fast'), 'setImmediate(() => setImmediate(() => process.exit(3)))')
  expect(spawnSync(process.execPath, [script], { cwd: folder }).status).toBe(3)
  expect(fs.readdirSync(folder).filter((name) => name.includes('tmp'))).toEqual([])
})
