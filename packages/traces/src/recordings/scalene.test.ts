import { expect, test } from 'vitest'
import { readContent, readFunctions } from '../../test/support/recordings/check-reader.ts'

const line = (lineno: number, python: number, native: number, system = 0) => ({
  ...{
    lineno,
    line: `line ${lineno}`,
    n_cpu_percent_python: python,
    n_cpu_percent_c: native,
    n_sys_percent: system,
    n_copy_mb_s: 0,
  },
})

test('lines, and the interpreter apart from native code', async () => {
  const files = { '/app/serve.py': { percent_cpu_time: 100, lines: [line(3, 40, 10), line(4, 5, 35, 10)] } }
  const { functions } = await readFunctions({ elapsed_time_sec: 2, files })
  expect(functions).toMatchObject({ totalMs: 2000, pythonShare: 0.45, idleShare: 0.1, model: null })
  expect(functions.rows[0]).toMatchObject({ file: '/app/serve.py', line: 3, selfShare: 0.5, nativeShare: 0.2 })
})

test('refuses a file whose lines took no time', async () => {
  await expect(readContent({ elapsed_time_sec: 2, files: {} })).rejects.toThrow(/no line took time/)
})
