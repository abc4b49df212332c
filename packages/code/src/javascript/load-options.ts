// What is known of the options that a model is loaded with: `pipeline(task, model, options)`, where the options are written in the call, or are an
// object of the same file that nothing changes.
import { isNode, nameOf, type SyntaxNode, walk } from './syntax.ts'

export interface FileObjects {
  /** Objects that a name is given where it is declared; null: it is declared again or changed, so that what it holds is not known. */
  readonly byName: ReadonlyMap<string, SyntaxNode | null>
}

export function fileObjects(program: SyntaxNode): FileObjects {
  const byName = new Map<string, SyntaxNode | null>()
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator' && isNode(node.id) && node.id.type === 'Identifier') {
      const name = nameOf(node.id)!
      byName.set(name, !byName.has(name) && isNode(node.init) && node.init.type === 'ObjectExpression' ? node.init : null)
    }
    return undefined
  })
  walk(program, (node) => {
    if (node.type === 'AssignmentExpression') forget(node.left as SyntaxNode, byName)
    // Object.assign(options, …), choose(options): what is called may change it; a model's loader does not.
    if (node.type === 'CallExpression' && /^Object\./.test(nameOf(node.callee as SyntaxNode) ?? ''))
      for (const one of node.arguments as readonly SyntaxNode[]) forget(one, byName)
    return undefined
  })
  return { byName }
}

function forget(changed: SyntaxNode, byName: Map<string, SyntaxNode | null>): void {
  const holder = changed.type === 'MemberExpression' && changed.computed === true ? (changed.object as SyntaxNode) : changed
  const [first] = (nameOf(holder) ?? '').split('.')
  if (byName.has(first!)) byName.set(first!, null)
}

/** Whether an option with such a name is given; null: it is not known, as of an object that a function gives. */
export function givesOption(given: readonly SyntaxNode[], names: RegExp, objects: FileObjects): boolean | null {
  const answers = given.map((one) => optionIn(one, names, objects))
  return answers.includes(true) ? true : answers.includes(null) ? null : false
}

const MOST_STEPS = 8

function optionIn(node: SyntaxNode, names: RegExp, objects: FileObjects, steps = 0): boolean | null {
  if (/^(NullLiteral|StringLiteral)$/.test(node.type) || nameOf(node) === 'undefined') return false
  if (node.type === 'Identifier') {
    const object = objects.byName.get(nameOf(node)!)
    return object == null || steps > MOST_STEPS ? null : optionIn(object, names, objects, steps + 1)
  }
  if (node.type !== 'ObjectExpression') return null
  const answers = (node.properties as readonly SyntaxNode[]).map((property) => {
    if (property.type === 'SpreadElement') return optionIn(property.argument as SyntaxNode, names, objects, steps + 1)
    const key = isNode(property.key) ? nameOf(property.key) : null
    return property.computed === true || key === null ? null : names.test(key)
  })
  return answers.includes(true) ? true : answers.includes(null) ? null : false
}

/** The name that a loaded model is given: `model` of `const model = await …` and of `this.model = await …`; null: none. */
export function modelVariable(way: readonly SyntaxNode[]): string | null {
  const taker = [...way].reverse().find(({ type }) => type !== 'AwaitExpression')
  if (taker?.type === 'VariableDeclarator') return nameOf(taker.id as SyntaxNode)
  if (taker?.type !== 'AssignmentExpression' || taker.operator !== '=') return null
  return (
    nameOf(taker.left as SyntaxNode)
      ?.split('.')
      .at(-1) ?? null
  )
}
