// Reads the source tree for the tests of conventions: which file imports what, and which globals it touches.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type typescript from 'typescript'
import { ROOT } from './root.ts'
import { ts } from './typescript.ts'

export { ROOT }

export interface Import {
  /** As written: './types.ts', 'node:fs', 'fflate'. */
  readonly specifier: string
  /** Erased when compiled: only types are taken. */
  readonly typeOnly: boolean
  /** `import()`: loaded at the moment of use. */
  readonly later: boolean
  /** Of the repository, with '/', for relative imports: 'packages/graph/src/types.ts'. */
  readonly target: string | null
}

export interface Source {
  /** From the root of the repository, with '/'. */
  readonly path: string
  readonly text: string
  readonly imports: readonly Import[]
  /** Reads of the world outside: 'process.env', 'Date.now', 'new Date()', … */
  readonly impurities: readonly string[]
}

/** Paths of the files under `folder` (from the root) that `keep` accepts, sorted; node_modules, dist and hidden folders left out. */
export function filesUnder(folder: string, keep: (path: string) => boolean): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.name !== 'node_modules' && entry.name !== 'dist' && !entry.name.startsWith('.'))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      return entry.isDirectory() ? filesUnder(path, keep) : keep(path) ? [path] : []
    })
    .sort()
}

/** A file that only tests use. */
function isTestFile(path: string): boolean {
  return /\.test\.ts$|^packages\/[^/]+\/test\//.test(path)
}

/** Read once for all tests of one process, since parsing takes seconds. */
const known = new Map<string, readonly Source[]>()
function once(folder: string, isSource: RegExp): readonly Source[] {
  const found = known.get(folder) ?? filesUnder(folder, (path) => isSource.test(path) && !isTestFile(path)).map(readSource)
  known.set(folder, found)
  return found
}

/** Every source file that ships. */
export const readSources = (): readonly Source[] => once('packages', /^packages\/[^/]+\/src\/.*\.ts$/)

/** Every file of the page: TypeScript with elements in it. */
export const readWebSources = (): readonly Source[] => once('packages/report/web/src', /\.tsx?$/)

/** The last line of a statement that imports, or exports what another file holds: it begins at the margin, as everything at the top of a file does. */
const IMPORTING = /^(?:import\b|export (?:type )?[{*]|\} from\b).*['"].*$/gm
/** Without such a word a file reads nothing of the world outside. */
const OUTSIDE =
  /\b(?:process|console|performance|globalThis|Date|Math\.random|fetch|setTimeout|setInterval|setImmediate|require)\b/

/**
 * Parsed when it is first asked what it imports, and no further than its last import, since parsing all files takes seconds: who asks for the text
 * alone does not wait.
 */
export function readSource(path: string): Source {
  const text = readFileSync(join(ROOT, path), 'utf8')
  let [head, whole]: (Source | undefined)[] = []
  return {
    path,
    text,
    get imports() {
      head ??= parseSource(path, importingPart(text))
      return head.imports
    },
    get impurities() {
      if (!OUTSIDE.test(text)) return []
      whole ??= parseSource(path, text)
      return whole.impurities
    },
  }
}

/** A text up to its last import; all of it if it imports at the moment of use. */
export function importingPart(text: string): string {
  if (/\bimport\(/.test(text)) return text
  const last = [...text.matchAll(IMPORTING)].at(-1)
  return last === undefined ? '' : text.slice(0, last.index + last[0].length)
}

/** The file of the repository that `path` names; null for a package of others. */
function targetOf(specifier: string, path: string): string | null {
  if (specifier.startsWith('.')) return relative(ROOT, resolve(ROOT, dirname(path), specifier)).replaceAll('\\', '/')
  const own = /^@whyslow\/([^/]+)\/(support\/)?(.+)$/.exec(specifier)
  return own && `packages/${own[1]}/${own[2] === undefined ? 'src' : 'test/support'}/${own[3]}`
}

/** Without comments, which take most of the time. */
const SYNTAX: typescript.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.ES2023,
  jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
}

export function parseSource(path: string, text: string): Source {
  const imports: Import[] = []
  const impurities: string[] = []
  const add = (specifier: string, typeOnly: boolean, later = false) => {
    imports.push({ specifier, typeOnly, later, target: targetOf(specifier, path) })
  }
  const visit = (node: typescript.Node): void => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      add(node.moduleSpecifier.text, isTypeOnlyImport(node.importClause))
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined && ts.isStringLiteral(node.moduleSpecifier)) {
      const named = node.exportClause !== undefined && ts.isNamedExports(node.exportClause) ? node.exportClause.elements : []
      add(node.moduleSpecifier.text, node.isTypeOnly || (named.length > 0 && named.every((one) => one.isTypeOnly)))
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
      add(node.argument.literal.text, true)
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments
      if (argument !== undefined && ts.isStringLiteral(argument)) add(argument.text, false, true)
    } else if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
      const owner = node.expression.text
      const read = `${owner}.${node.name.text}`
      if (['process', 'console', 'performance', 'globalThis'].includes(owner) || read === 'Date.now' || read === 'Math.random') {
        impurities.push(read)
      }
    } else if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'Date') {
      if (node.arguments === undefined || node.arguments.length === 0) impurities.push('new Date()')
    } else if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
      if (['fetch', 'setTimeout', 'setInterval', 'setImmediate', 'require'].includes(node.expression.text)) {
        impurities.push(`${node.expression.text}()`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, SYNTAX))
  return { path, text, imports, impurities }
}

function isTypeOnlyImport(clause: typescript.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.isTypeOnly) return true
  if (clause.name !== undefined || clause.namedBindings === undefined || ts.isNamespaceImport(clause.namedBindings)) return false
  const { elements } = clause.namedBindings
  return elements.length > 0 && elements.every((one) => one.isTypeOnly)
}

/** Files of one kind behind one interface, listed by hand in their folder's index.ts. */
export interface Peers {
  readonly kind: string
  readonly folder: string
  /** What the file of such a peer holds, and no other file of the folder; the first group is the exported name. */
  readonly mark: RegExp
}

export const PEERS: readonly Peers[] = [
  { kind: 'rule', folder: 'packages/model/src/diagnose/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'trace rule', folder: 'packages/traces/src/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'pipeline rule', folder: 'packages/code/src/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'load rule', folder: 'packages/serving/src/load/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'generation rule', folder: 'packages/generation/src/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'text rule', folder: 'packages/generation/src/texts/rules', mark: /^export const (\w+) = defineRule\(/m },
  { kind: 'remedy', folder: 'packages/model/src/remedies', mark: /^export const (\w+) = defineRemedy\(/m },
  { kind: 'operator family', folder: 'packages/graph/src/operators', mark: /^export const (\w+) = defineFamily\(/m },
  { kind: 'engine', folder: 'packages/measure/src/engines', mark: /^export const (\w+): Engine\b/m },
  {
    kind: 'generator remedy',
    folder: 'packages/generation/src/remedies',
    mark: /^export const (\w+) = defineGeneratorRemedy\(/m,
  },
  { kind: 'generator engine', folder: 'packages/generation/src/engines', mark: /^export const (\w+): GeneratorEngine\b/m },
  { kind: 'trace reader', folder: 'packages/traces/src/recordings', mark: /^export const (\w+): TraceReader\b/m },
  {
    kind: 'format',
    folder: 'packages/formats/src',
    mark: /^export (?:async )?function (read\w+)\(file: string(?:, [^)]*)?\): (?:Promise<)?Model\b/m,
  },
]

/** The peers of a kind, their folder's index.ts left out. */
export function peersOf({ folder, mark }: Peers, sources: readonly Source[]): Source[] {
  return sources.filter(({ path, text }) => path.startsWith(`${folder}/`) && path !== `${folder}/index.ts` && mark.test(text))
}
