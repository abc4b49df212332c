import { spawnSync } from 'node:child_process'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { expect, test } from 'vitest'

const watch = compiledTwin(new URL('./hang-watch.ts', import.meta.url).href)
const run = (code: string) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', `import { endWhenHanging } from '${watch}'; ${code}`], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGTERM',
  })

test('a process that computes without a pause is ended, and says why', () => {
  const { signal, stderr } = run('endWhenHanging({ mostMs: 300, lookMs: 50 }); for (;;);')
  expect([signal, stderr]).toEqual(['SIGKILL', 'it computed for 0 s without a pause\n'])
})

test('one that pauses is not, however long it takes, and ends when its work does', () => {
  const work =
    'const end = performance.now() + 1500; while (performance.now() < end) await new Promise((done) => setTimeout(done, 5))'
  expect(run(`endWhenHanging({ mostMs: 1000, lookMs: 50 }); ${work}`)).toMatchObject({ status: 0, stderr: '' })
})
