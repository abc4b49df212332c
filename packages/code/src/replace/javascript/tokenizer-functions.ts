// Functions of a file that go through a tokenizer written by hand, and where each can say what it was given: the one that has the loop, and those
// of the file that call it. Which of them takes a text and gives its ids, the run tells.
import type { Insertion } from '../../javascript/prepare.ts'
import {
  containsNode,
  functionName,
  isEachCallback,
  isExpression,
  isFunction,
  isLoop,
  isNode,
  nameOf,
  type SyntaxNode,
  walk,
} from '../../javascript/syntax.ts'
import { isTokenizerLoop, tablesOf } from '../../javascript/tokenizers.ts'
import { statementsBegin } from '../../javascript/written-out.ts'

/** What code with looks calls, under a name of the global object. */
export const TEXTS = '__whyslowTexts'

interface Known {
  readonly node: SyntaxNode
  readonly way: readonly SyntaxNode[]
  readonly name: string | null
  readonly calls: Set<string>
  /** Lines of the loops that it goes through. */
  readonly lines: Set<number>
}

/** A look at the beginning of each such function, at itself, its arguments, and tables. `file`: absolute. */
export function tokenizerLooks(program: SyntaxNode, file: string): readonly Insertion[] {
  const all = new Map<SyntaxNode, Known>()
  const tables = new Set<string>()
  let [loop, loopEnd] = [0, -1]
  walk(program, (node, way) => {
    if (isFunction(node) && !isEachCallback(node, way.at(-1)))
      all.set(node, { node, way, name: functionName([...way, node]), calls: new Set(), lines: new Set() })
    const around = way.flatMap((one) => all.get(one) ?? [])
    if (node.type === 'CallExpression' || node.type === 'OptionalCallExpression')
      for (const one of around) one.calls.add(calledBy(node))
    const isEach = node.type === 'CallExpression' && (node.arguments as SyntaxNode[]).some((one) => isEachCallback(one, node))
    if (!(isLoop(node) || isEach) || !isTokenizerLoop(node, way)) return undefined
    for (const name of tablesOf(node, way)) tables.add(name)
    // Of loops in each other the outermost is told.
    if (node.start >= loopEnd) [loop, loopEnd] = [node.loc.start.line, node.end]
    for (const one of around) one.lines.add(loop)
    return undefined
  })
  const named = [...all.values()]
  for (let more = tables.size > 0; more; ) {
    more = false
    for (const one of named)
      for (const { lines, name } of named)
        if (name !== null && one.calls.has(name) && one.lines.size === 0 && lines.size > 0) {
          for (const line of lines) one.lines.add(line)
          more = true
        }
  }
  const looks = [...tables].map((name) => `[${JSON.stringify(name)},()=>${name}]`).join(',')
  return named
    .filter(({ lines }) => lines.size > 0)
    .flatMap((one) => lookOf(one, file, looks))
    .sort((a, b) => a.at - b.at)
}

/** encode, this.encode, this.tokenizer.encode: by its last name. */
function calledBy({ callee }: SyntaxNode): string {
  const { property } = callee as SyntaxNode
  return (isNode(property) ? nameOf(property) : nameOf(callee as SyntaxNode)) ?? ''
}

function lookOf(known: Known, file: string, tables: string): readonly Insertion[] {
  const { node, name, lines } = known
  const [own, given, body] = [reference(known), argumentsOf(node), node.body as SyntaxNode]
  if (own === null || given === null || node.generator === true) return []
  const key = JSON.stringify(`${file}#${Math.min(...lines)}#${name}`)
  const look = `globalThis.${TEXTS}?.(${key},(...a)=>${own}.apply(this,a),[${given}],[${tables}])`
  if (body.type === 'BlockStatement') return [{ at: statementsBegin(body), text: `;${look};` }]
  return [
    { at: body.start, text: `(${look},` },
    { at: body.end, text: ')' },
  ]
}

/** How it calls itself; null: it has no name for itself. */
function reference({ node, way }: Known): string | null {
  const [parent, key] = [way.at(-1), node.key]
  if (isNode(node.id)) return nameOf(node.id)
  if (isNode(key)) {
    const isPlain = node.computed !== true && node.kind === 'method' && isExpression(nameOf(key) ?? '')
    return isPlain ? member(key) : null
  }
  if (parent?.type === 'VariableDeclarator') return nameOf(parent.id as SyntaxNode)
  if (parent?.type === 'AssignmentExpression') {
    const name = nameOf(parent.left as SyntaxNode)
    return name !== null && isExpression(name) ? name : null
  }
  if (/^Class(Private)?Property$/.test(parent?.type ?? '') && parent!.computed !== true) return member(parent!.key as SyntaxNode)
  return null
}

const member = (key: SyntaxNode): string => `this.${key.type === 'PrivateName' ? '#' : ''}${nameOf(key)}`

/**
 * What it was given; null: destructured by a pattern, in a function that has no `arguments`. By names if it can be: an object `arguments` is made at
 * each call, whether a look is there or not.
 */
function argumentsOf(node: SyntaxNode): string | null {
  const names = (node.params as readonly SyntaxNode[]).map((one) => {
    const inner = one.type === 'AssignmentPattern' ? (one.left as SyntaxNode) : one
    const name = nameOf(one.type === 'RestElement' ? (one.argument as SyntaxNode) : inner)
    return name === null ? null : one.type === 'RestElement' ? `...${name}` : name
  })
  const byName = names.includes(null) ? null : names.join(',')
  if (node.type === 'ArrowFunctionExpression') return byName
  const countsThem = containsNode(node, (one) => one.type === 'Identifier' && one.name === 'arguments')
  return byName === null || countsThem ? '...arguments' : byName
}
