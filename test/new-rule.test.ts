// `npm run new rule <id>` starts a rule whole, writes over nothing, and lists it where `diagnose` finds it.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ROOT } from './sources.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whyslow-new-'))
  mkdirSync(join(folder, 'docs/findings'), { recursive: true })
  mkdirSync(join(folder, 'src/diagnose/rules'), { recursive: true })
  cpSync(join(ROOT, 'src/diagnose/rules/index.ts'), join(folder, 'src/diagnose/rules/index.ts'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (...words: string[]) =>
  spawnSync(process.execPath, [join(ROOT, 'scripts/new.mjs'), ...words], { cwd: folder, encoding: 'utf8' })
const read = (path: string) => readFileSync(join(folder, path), 'utf8')

test('writes the rule, its test, its page and its line', () => {
  const { status, stdout } = run('rule', 'slow-moon')
  expect(status).toBe(0)
  expect(stdout.trim().split('\n')).toEqual([
    'src/diagnose/rules/slow-moon.ts',
    'src/diagnose/rules/slow-moon.test.ts',
    'docs/findings/slow-moon.md',
    'src/diagnose/rules/index.ts',
  ])
  expect(read('src/diagnose/rules/slow-moon.ts')).toContain("export const slowMoon = defineRule({\n  id: 'slow-moon',")
  expect(read('docs/findings/slow-moon.md')).toMatch(/^# slow-moon\n[\s\S]*## What it means[\s\S]*## When not to worry/)
  const index = read('src/diagnose/rules/index.ts')
  expect(index).toContain("import { slowMoon } from './slow-moon.ts'\n")
  expect(index).toMatch(/allRules: readonly Rule\[\] = \[[^\]]*\n {2}slowMoon,\n\]/)
})

test('writes over nothing', () => {
  run('rule', 'slow-moon')
  const before = read('src/diagnose/rules/index.ts')
  const { status, stderr } = run('rule', 'slow-moon')
  expect(status).toBe(2)
  expect(stderr).toContain('is there already')
  expect(read('src/diagnose/rules/index.ts')).toBe(before)
})

test.each([[], ['rule'], ['rule', 'Slow_Moon'], ['remedy', 'slow-moon']])('says how it is used: %s %s', (...words) => {
  const { status, stderr } = run(...words)
  expect(status).toBe(2)
  expect(stderr).toMatch(/^Usage: npm run new rule <id>/)
})
