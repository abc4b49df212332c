// The documents keep their word: links lead somewhere, commands can be typed, and no page knows the machine it was written on.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { modelRules } from '@whyslow/model/diagnose/rules/index.ts'
import { traceRules } from '@whyslow/traces/rules/index.ts'
import { createProgram } from '@whyslow/whyslow/program.ts'
import { presentWords } from '@whyslow/whyslow/routing/route.ts'
import { commandIn, namesOf } from '@whyslow/whyslow/routing/usage-line.ts'
import { withCommandName } from '@whyslow/whyslow/run-program.ts'
import { type Command, CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { drawStory } from '../scripts/terminal-svg.mjs'
import { filesUnder, ROOT } from './sources.ts'

const pages = filesUnder('', (path) => path.endsWith('.md') && !path.startsWith('shared/'))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** GitHub's anchor for a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

function brokenLinks(page: string): string[] {
  const prose = read(page).replace(/^```[\s\S]*?^```/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^[a-z]+:/.test(link!)) return []
    const [path, fragment] = link!.split('#')
    const target = path === '' ? page : join(dirname(page), path!)
    if (!existsSync(join(ROOT, target))) return [`${page}: ${link}`]
    if (fragment === undefined || statSync(join(ROOT, target)).isDirectory()) return []
    const anchors = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!))
    return anchors.includes(fragment) ? [] : [`${page}: ${link}`]
  })
}

/** What is wrong with one typed command line, or nothing: unknown options, missing or wrong values, a missing argument. */
function problems(line: string): string[] {
  const words = line
    .replace(/\s+#.*$/, '')
    .split(/\s+/)
    .map((word) => (word === 'N' ? '1' : word))
  const typed = presentWords(withCommandName(words.slice(words.indexOf('whyslow') + 1).filter((word) => word !== '')))
  const program = createProgram({ version: '0.0.0', screen: {} as never, interrupt: () => new AbortController().signal })
  program.configureOutput({ writeOut: () => {} })
  const named = commandIn(program, typed)
  const usual = named.commands.find((one) => one.name() === 'run')
  const command: Command = named !== program && usual !== undefined ? usual : named
  try {
    const { operands, unknown } = command.parseOptions(typed.slice(namesOf(named).length - 1))
    const wrong = unknown.filter((word) => word !== '--help').map((word) => `${line}: ${word}`)
    const { registeredArguments } = command
    // `whyslow X Y` are two of a kind, which the command for them takes.
    const most = command === program ? 2 : registeredArguments.length
    const isMany = registeredArguments.at(-1)?.variadic === true && operands.length > registeredArguments.length
    const least = registeredArguments.filter(({ required }) => required).length
    const fits = operands.length >= least && (operands.length <= most || isMany)
    if (unknown.includes('--help') || fits) return wrong
    return [...wrong, `${line}: ${operands.length} arguments`]
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? [] : [`${line}: ${error.message}`]
  }
}

/** Command lines in fenced blocks and in `code`. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'))
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, code]) => code!)
  // A command's bare name in a sentence is no command line.
  const typed = inline.filter((code) => !/^(npx )?whyslow( [a-z]+){0,2}$/.test(code))
  return [...blocks, ...typed]
    .map((line) => line.trim().replace(/^\$ /, ''))
    .filter((line) => /^([A-Z_]+=\S+ )*(npx )?whyslow /.test(line))
}

/** Links whose label is a file's name, and another's than that of the file they lead to. */
function mislabelled(page: string): string[] {
  return [...read(page).matchAll(/\[`?([\w./-]+\.(?:ts|mjs|js|json|md))`?\]\(([^)\s#]+)[^)\s]*\)/g)].flatMap(
    ([, label, target]) => {
      const path = join(dirname(page), target!)
      return `/${path}`.endsWith(`/${label!.replace(/^(\.\.?\/)+/, '')}`) ? [] : [`${page}: ${label} leads to ${path}`]
    },
  )
}

describe('documents', () => {
  test('stand', () => {
    const expected = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/architecture.md', 'docs/terms.md', 'docs/method.md']
    expect(expected.filter((page) => !pages.includes(page))).toEqual([])
  })

  test('link to files and headings that exist', () => {
    expect(pages.flatMap(brokenLinks)).toEqual([])
  })

  test('call a file by its name', () => {
    expect(pages.flatMap(mislabelled)).toEqual([])
  })

  test('show commands that can be typed', () => {
    const lines = new Set(pages.flatMap((page) => commandLines(read(page))))
    expect(lines.size).toBeGreaterThan(20)
    expect([...lines].flatMap(problems)).toEqual([])
  })

  test('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)/g)].map(([, script, short]) => script ?? short!),
    )
    expect([...new Set(named)].filter((script) => scripts[script] === undefined)).toEqual([])
  })

  test('know no machine', () => {
    const found = pages.flatMap((page) =>
      [...read(page).matchAll(/(?<![\w.~-])(\/(?:home|root|work|tmp|Users|mnt)\/[\w./-]*|[A-Z]:\\\w+)/g)].map(
        ([path]) => `${page}: ${path}`,
      ),
    )
    expect(found).toEqual([])
  })

  test('README starts with name, sentence, and the two lines of set-up', () => {
    const lines = read('README.md').split('\n')
    const place = (start: string) => lines.findIndex((line) => line.startsWith(start))
    expect(place('# whyslow')).toBe(0)
    expect(place('npm ci && npm start')).toBeGreaterThan(0)
    expect(place('npm ci && npm start')).toBeLessThan(10)
    expect(place('npm ci && npm test')).toBeLessThan(10)
  })

  test('README and the pages for who starts are short', () => {
    const words = (page: string) => read(page).split(/\s+/).length
    const start = ['install', 'first-report', 'which-command', 'walk-throughs'].map((name) => `docs/${name}.md`)
    const guides = pages.filter((page) => page.startsWith('docs/guides/'))
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(130)
    expect([...start, ...guides].filter((page) => words(page) > 1200)).toEqual([])
  })

  test('the first report that is read line by line is the recorded one: node scripts/first-report.mjs writes it again', () => {
    const { values } = JSON.parse(read('bench/results/first-report.json')) as { values: Record<string, readonly unknown[]> }
    const printed = read('fixtures/golden/transformer.report.txt')
    const pieces = Object.entries(values).filter(([, lines]) => typeof lines[0] === 'string')
    expect(pieces.length).toBeGreaterThan(5)
    expect(pieces.filter(([, lines]) => !printed.includes(`${lines.join('\n')}\n`)).map(([name]) => name)).toEqual([])
  })

  test('the recording in README is of the screens that were recorded', () => {
    const { values } = JSON.parse(read('bench/results/screens.json')) as { values: Record<string, unknown> }
    expect(read('docs/images/fix-terminal.svg')).toBe(drawStory(values))
  })

  test('architecture.md gives every dependency its reason', () => {
    const { dependencies, optionalDependencies, devDependencies, peerDependencies } = JSON.parse(read('package.json')) as Record<
      string,
      Record<string, string>
    >
    const page = read('docs/architecture.md')
    expect(
      Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies, ...peerDependencies }).filter(
        (name) => !page.includes(`\`${name}\``),
      ),
    ).toEqual([])
  })
})

describe('rules', () => {
  const files = [
    ...modelRules.map(({ id }) => `packages/model/src/diagnose/rules/${id}.ts`),
    ...traceRules.map(({ id }) => `packages/traces/src/rules/${id}.ts`),
  ]
  test.each(files)('%s suggests commands that can be typed', (file) => {
    const source = read(file)
    const lines = [...source.matchAll(/`(whyslow [^`]+)`|'(whyslow [^']+)'/g)].map(([, filled, plain]) =>
      // A slot is a number where it is an option's value; elsewhere it may be any words, and is left out.
      (filled ?? plain!).replaceAll(/(--[\w-]+ |=)?\$\{[^}]+\}/g, (_, before?: string) =>
        before === undefined ? '' : `${before}1`,
      ),
    )
    expect(lines.flatMap(problems)).toEqual([])
  })
})

describe('the check of commands', () => {
  test('knows good from bad', () => {
    expect(problems('npx whyslow model.onnx --threads 2 --shape x=1x3x2x2')).toEqual([])
    expect(problems('whyslow machine')).toEqual([])
    expect(problems('whyslow --version')).toEqual([])
    expect(problems('whyslow model.onnx --thread 2')[0]).toMatch(/--thread/)
    expect(problems('whyslow explain')).toEqual(['whyslow explain: 0 arguments'])
    expect(problems('whyslow model.onnx --threads none')[0]).toMatch(/whole number/)
  })
})
