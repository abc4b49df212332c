// How a file is started, told by its source. ES modules that export what is called are imported: what such a file does where it is the one that was
// started (`if (process.argv[1] === fileURLToPath(import.meta.url)) main()`) is no part of a prediction.
import fs from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { Start } from './started.ts'
import { childrenOf, isFunction, isNode, nameOf, parseSource, type SyntaxNode, some, walk } from './syntax.ts'

/** `call`: the function that is called; null: the file's stages, or the file as a script. 'main' where it cannot be read or parsed. */
export function startOf(file: string, call: string | null): Start {
  if (call !== null) return 'imported'
  try {
    const program = parseSource(fs.readFileSync(file, 'utf8'), file)
    if (program === null) return 'main'
    if (exportsStages(program)) return 'imported'
    return isCommonJs(program, file) && !mayExportStages(program) ? 'required' : 'main'
  } catch {
    return 'main'
  }
}

/** It exports `predict`, a default, or all that another module has. Exported for its test. */
export function exportsStages(program: SyntaxNode): boolean {
  return (program.body as readonly SyntaxNode[]).some((node) => {
    if (node.type === 'ExportDefaultDeclaration') return true
    if (node.type === 'ExportAllDeclaration') return node.exportKind !== 'type'
    return node.type === 'ExportNamedDeclaration' && exportedNames(node).some((name) => /^(predict|default)$/.test(name))
  })
}

function exportedNames({ declaration, specifiers }: SyntaxNode): string[] {
  const named = (specifiers as readonly SyntaxNode[]).map((one) => nameOf(one.exported as SyntaxNode))
  const declared = isNode(declaration) ? [declaration, ...((declaration.declarations as readonly SyntaxNode[]) ?? [])] : []
  const own = declared.flatMap(({ id }) => (isNode(id) ? namesIn(id) : []))
  return [...named, ...own].filter((name) => name !== null)
}

/** Of a pattern, too. */
const namesIn = (id: SyntaxNode): string[] => (id.type === 'Identifier' ? [id.name as string] : childrenOf(id).flatMap(namesIn))

/** As Node tells it: by its ending, its package, its syntax. */
function isCommonJs(program: SyntaxNode, file: string): boolean {
  const ending = extname(file)
  if (ending === '.cjs') return true
  return ending === '.js' && program.sourceType === 'script' && !awaitsAtTop(program) && typeOfPackage(file) !== 'module'
}

function awaitsAtTop(program: SyntaxNode): boolean {
  let found = false
  walk(program, (node) => {
    found ||= node.type === 'AwaitExpression' || (node.type === 'ForOfStatement' && node.await === true)
    return !isFunction(node)
  })
  return found
}

function typeOfPackage(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (fs.existsSync(manifest)) return (JSON.parse(fs.readFileSync(manifest, 'utf8')) as { type?: string }).type
    if (dirname(folder) === folder) return undefined
  }
}

/** `exports.predict = …`, `module.exports = …` of anything but an object without predict. */
function mayExportStages(program: SyntaxNode): boolean {
  return some(program, (node) => {
    if (node.type !== 'AssignmentExpression') return false
    const name = nameOf(node.left as SyntaxNode)
    if (/^(module\.)?exports\.(predict|default)$/.test(name ?? '')) return true
    const right = node.right as SyntaxNode
    if (name !== 'module.exports') return false
    if (right.type !== 'ObjectExpression') return true
    return (right.properties as readonly SyntaxNode[]).some(
      (one) => one.type === 'SpreadElement' || (isNode(one.key) && nameOf(one.key) === 'predict'),
    )
  })
}
