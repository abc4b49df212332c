import { execFile } from 'node:child_process'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { expect, test } from 'vitest'

const watch = compiledTwin(new URL('./hang-watch.ts', import.meta.url).href)
const run = (code: string) =>
  new Promise<{ code: unknown; signal: unknown; stderr: string }>((resolve) => {
    const argv = ['--input-type=module', '-e', `import { endHungProcess } from '${watch}'; ${code}`]
    execFile(process.execPath, argv, { timeout: 60_000 }, (error, _, stderr) =>
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, stderr }),
    )
  })

test.concurrent('a process that computes without a pause is ended, and says why', async () => {
  const { signal, stderr } = await run('endHungProcess({ mostMs: 300, lookMs: 50 }); for (;;);')
  expect([signal, stderr]).toEqual(['SIGKILL', 'it computed for 0 s without a pause\n'])
})

test.concurrent('one that pauses is not, however long it takes, and ends when its work does', async () => {
  const work =
    'const end = performance.now() + 1500; while (performance.now() < end) await new Promise((done) => setTimeout(done, 5))'
  expect(await run(`endHungProcess({ mostMs: 1000, lookMs: 50 }); ${work}`)).toEqual({ code: 0, signal: null, stderr: '' })
})
