// The README of each package holds what it says: its example prints what the page shows, its rooms are those of the package, and its test command runs
// that package's tests.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { cache } from '../scripts/cache.mjs'
import { PACKAGES, withRelativeImports } from '../scripts/packages.mjs'
import { ROOT } from './root.ts'
import { ts } from './typescript.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text]) => (name === language ? [text!] : []))

/** Runs the example in a process of its own, from the built packages. Returns what it prints, and why it failed. */
function run(name: string, example: string): { readonly stdout: string; readonly stderr: string } {
  const folder = join(cache, 'readmes')
  const file = join(folder, `${name}.mjs`)
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true }
  const { outputText } = ts.transpileModule(example, { compilerOptions })
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, withRelativeImports(outputText, file))
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', NO_COLOR: '1' }
  return spawnSync(process.execPath, [file], { cwd: ROOT, encoding: 'utf8', timeout: 60_000, env })
}

describe.each(PACKAGES)('%s', (name) => {
  const page = read(`packages/${name}/README.md`)

  test('its example prints what the page shows', () => {
    const [example, ...others] = blocks(page, 'ts')
    const [printed] = blocks(page, '')
    expect(others).toEqual([])
    expect(example!).toMatch(new RegExp(`from '@whyslow/${name}/`))
    expect(example!.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    const { stdout, stderr } = run(name, example!)
    expect(stderr).toBe('')
    expect(stdout.trimEnd()).toBe(printed!.trimEnd())
  })

  test('it lists the rooms of the package, and what it does not do', () => {
    const folders = readdirSync(join(ROOT, 'packages', name, 'src'), { withFileTypes: true }).filter((one) => one.isDirectory())
    const listed = [...page.matchAll(/^- \[`([\w-]+)`\]\(src\/([\w-]+)\): ./gm)]
    expect(listed.map(([, , folder]) => folder)).toEqual(folders.map((one) => one.name).sort())
    expect(listed.filter(([, label, folder]) => label !== folder)).toEqual([])
    expect(page).toMatch(/^## What it does not do\n\n- /m)
  })

  test('the test command that it names runs the tests of the package', () => {
    expect(page).toContain(`\`npm test -w packages/${name}\``)
    const { scripts } = JSON.parse(read(`packages/${name}/package.json`)) as { scripts: { test: string } }
    expect(scripts.test).toBe(`cd ../.. && npm run build --silent && vitest run packages/${name}/`)
  })
})
