// What TypeScript has code of its own for, written out as JavaScript on the lines on which it stands: enums and parameter properties, as
// TypeScript's compiler does it. https://www.typescriptlang.org/docs/handbook/enums.html
import { isNode, nameOf, type SyntaxNode } from './syntax.ts'

/** `text` in place of what stands there; its line ends stay. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** Each member is a constant within the enum, which later ones may name; numbers are found by their value, too. */
export function enumEdits(node: SyntaxNode): Edit[] {
  const name = nameOf(node.id as SyntaxNode)!
  const members = membersOf(node)
  const head = `var ${name};(function(${name}){`
  const foot = `})(${name}||(${name}={}));`
  if (members.length === 0) return [{ start: node.start, end: node.end, text: head + foot }]
  const edits: Edit[] = [{ start: node.start, end: members[0]!.start, text: head }]
  let before: string | null = null
  for (const [at, member] of members.entries()) {
    const key = nameOf(member.id as SyntaxNode) ?? ''
    const own: string = IDENTIFIER.test(key) && key !== name ? key : `$${at}`
    const initializer = isNode(member.initializer) ? member.initializer : null
    const next = members[at + 1]
    const begin = `const ${own}=${name}[${JSON.stringify(key)}]=(`
    const end = `);if(typeof ${own}!=="string")${name}[${own}]=${JSON.stringify(key)};${next === undefined ? foot : ''}`
    const after = next?.start ?? node.end
    if (initializer === null) {
      const value = before === null ? '0' : `${before}+1`
      edits.push({ start: member.start, end: after, text: begin + value + end })
    } else {
      edits.push({ start: member.start, end: initializer.start, text: begin }, { start: initializer.end, end: after, text: end })
    }
    before = own
  }
  return edits
}

function membersOf(node: SyntaxNode): readonly SyntaxNode[] {
  const holder = isNode(node.body) ? node.body : node
  return holder.members as readonly SyntaxNode[]
}

/** `constructor(private x) {}` keeps x: assigned first, or right after `super(…)`. */
export function parameterEdits(method: SyntaxNode): Edit[] {
  const parameters = Array.isArray(method.params) ? (method.params as readonly SyntaxNode[]) : []
  const own = parameters.filter(({ type }) => type === 'TSParameterProperty')
  if (own.length === 0 || !isNode(method.body)) return []
  const names = own.map(({ parameter }) => {
    const given = parameter as SyntaxNode
    return nameOf(given.type === 'AssignmentPattern' ? (given.left as SyntaxNode) : given)
  })
  const statements = method.body.body as readonly SyntaxNode[]
  const above = statements.find(isSuper)
  const at = above?.end ?? statementsBegin(method.body)
  const modifiers = own.map(({ start, parameter }) => ({ start, end: (parameter as SyntaxNode).start, text: '' }))
  return [...modifiers, { start: at, end: at, text: `;${names.map((name) => `this.${name}=${name};`).join('')}` }]
}

function isSuper({ type, expression }: SyntaxNode): boolean {
  if (type !== 'ExpressionStatement') return false
  const { type: kind, callee } = expression as SyntaxNode
  return kind === 'CallExpression' && (callee as SyntaxNode).type === 'Super'
}

/** After the brace and what is said to the engine: 'use strict'. */
export function statementsBegin(block: SyntaxNode): number {
  const directives = (block.directives as readonly SyntaxNode[] | undefined) ?? []
  return directives.at(-1)?.end ?? block.start + 1
}
