// The README of each package holds what it says: its example prints what the page shows, its rooms are those of the package, and its test command runs
// that package's tests.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { cache } from '../scripts/cache.mjs'
import { PACKAGES, withRelativeImports } from '../scripts/packages.mjs'
import { ROOT } from './root.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const blocks = (page: string, language: string): string[] =>
  [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, text]) => (name === language ? [text!] : []))

/** Between what one example prints and what the next one does. */
const BETWEEN = '\0'

/** Runs the examples one after the other in one process, from the built packages: what each prints, in their order, and how it ended. */
async function printedBy(examples: readonly string[]) {
  const folder = join(cache, 'readmes')
  mkdirSync(folder, { recursive: true })
  const files = await Promise.all(
    examples.map(async (example, at) => {
      const file = join(folder, `${PACKAGES[at]}.mjs`)
      const { code } = await transform(example, {
        loader: 'ts',
        target: 'node20',
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      })
      writeFileSync(file, withRelativeImports(code, file))
      return file
    }),
  )
  const all = join(folder, 'all.mjs')
  const load = (file: string) => `await import(${JSON.stringify(pathToFileURL(file).href)})`
  writeFileSync(all, files.map(load).join(`\nprocess.stdout.write('\\0')\n`))
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1', NO_COLOR: '1' }
  const { stdout, stderr, status } = spawnSync(process.execPath, [all], { cwd: ROOT, encoding: 'utf8', timeout: 50_000, env })
  return { stdout: stdout.split(BETWEEN), stderr, status }
}

const pages = PACKAGES.map((name) => read(`packages/${name}/README.md`))
let printed: Awaited<ReturnType<typeof printedBy>>
beforeAll(async () => {
  printed = await printedBy(pages.map((page) => blocks(page, 'ts')[0]!))
})

describe.each(PACKAGES)('%s', (name) => {
  const at = PACKAGES.indexOf(name)
  const page = pages[at]!

  test('its example prints what the page shows', () => {
    const [example, ...others] = blocks(page, 'ts')
    const [shown] = blocks(page, '')
    expect(others).toEqual([])
    expect(example!).toMatch(new RegExp(`from '@whyslow/${name}/`))
    expect(example!.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    expect([printed.status, printed.stderr]).toEqual([0, ''])
    expect(printed.stdout[at]!.trimEnd()).toBe(shown!.trimEnd())
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
