// Whether a file is there to be imported, told by its source: ES modules that export what is called. What such a file does where it is the one that was
// started (`if (process.argv[1] === fileURLToPath(import.meta.url)) main()`) is no part of a prediction.
import fs from 'node:fs'
import { childrenOf, isNode, nameOf, parseSource, type SyntaxNode } from './syntax.ts'

/** False also where it cannot be read or parsed. */
export function isImported(file: string): boolean {
  try {
    return exportsStages(fs.readFileSync(file, 'utf8'), file)
  } catch {
    return false
  }
}

/** It exports `predict`, a default, or all that another module has. Exported for its test. */
export function exportsStages(text: string, file: string): boolean {
  const statements = parseSource(text, file)?.body as readonly SyntaxNode[] | undefined
  return (statements ?? []).some((node) => {
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
