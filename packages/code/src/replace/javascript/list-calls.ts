// Calls of map, reduce and from as one pass over a typed array: what is written in place of each.
import { isFunction, isNode, mentions, methodOf, nameOf, type SyntaxNode } from '../../javascript/syntax.ts'
import { type Fragment, type Render, ReplacementRefusal } from './fragment.ts'
import { parametersOf } from './piece.ts'

interface CallGiven {
  readonly name: string
  readonly fresh: (wanted: string) => string
  /** Kind of the typed array that is made of the list; null: none is. */
  readonly kind: string | null
  readonly text: string
}

/** One turn's value, of the one before it in a chain of maps. */
interface Step {
  readonly parameter: string | null
  /** Statements in front of the value. */
  readonly statements: readonly SyntaxNode[]
  readonly value: (render: Render, element: string, index: string) => string
}

/** What to write in place of the call. Throws ReplacementRefusal. */
export function callOf(call: SyntaxNode, fragment: Fragment, given: CallGiven): (render: Render) => string {
  const method = methodOf(call)
  const [first, second] = call.arguments as readonly SyntaxNode[]
  const object = (call.callee as SyntaxNode).object as SyntaxNode
  if (method === 'reduce') return reduceOf(object, call.arguments as readonly SyntaxNode[], fragment, given)
  if (method !== 'from') return passOf(chainOf(call), fragment, given)
  const type = nameOf(object)!
  const kind = given.kind ?? (type === 'Array' ? 'Float64Array' : type)
  return passOf({ source: first!, callbacks: [second!] }, fragment, { ...given, kind })
}

interface Chain {
  readonly source: SyntaxNode
  readonly callbacks: readonly SyntaxNode[]
}

/** list.map(f).map(g). Throws ReplacementRefusal. */
function chainOf(call: SyntaxNode): Chain {
  const [callback, more] = call.arguments as readonly SyntaxNode[]
  if (callback === undefined || more !== undefined) throw new ReplacementRefusal('its function is not there')
  const object = (call.callee as SyntaxNode).object as SyntaxNode
  if (methodOf(object) !== 'map') return { source: object, callbacks: [callback] }
  const inner = chainOf(object)
  return { source: inner.source, callbacks: [...inner.callbacks, callback] }
}

function passOf(
  { source, callbacks }: Chain,
  fragment: Fragment,
  { name, fresh, kind, text }: CallGiven,
): (render: Render) => string {
  const length = source.type === 'ObjectExpression' ? lengthOf(source) : null
  if (length === null) fragment.atom(source, 'array')
  else fragment.bounded(length)
  const index =
    callbacks.map((one) => (isFunction(one) ? (parametersOf(one, 2)[1] ?? null) : null)).find((one) => one !== null) ?? fresh('i')
  const steps = callbacks.map((one) => stepOf(one, fragment, index, text))
  const parameters = steps.map(({ parameter }) => parameter)
  if (new Set(parameters).size < parameters.length)
    throw new ReplacementRefusal('two functions of the chain use the same name for their element')
  if (length !== null && steps[0]!.parameter !== null)
    throw new ReplacementRefusal('its function takes an element that is not there')
  return (render) => {
    const count = length === null ? `${render(source)}.length` : render(length)
    const lines: string[] = []
    let element = length === null ? `${render(source)}[${index}]` : index
    for (const [at, step] of steps.entries()) {
      if (step.parameter !== null) {
        lines.push(`const ${step.parameter} = ${element}`)
        element = step.parameter
      }
      lines.push(...step.statements.map((one) => render(one)))
      element = step.value(render, element, index)
      if (at === steps.length - 1) lines.push(`${name}[${index}] = ${element}`)
    }
    const body = lines.length === 1 ? ` ${lines[0]}` : ` {\n${lines.map((line) => `  ${line}`).join('\n')}\n}`
    return `const ${name} = new ${kind ?? 'Float64Array'}(${count})\nfor (let ${index} = 0; ${index} < ${count}; ${index}++)${body}`
  }
}

/** { length: n } */
function lengthOf({ properties }: SyntaxNode): SyntaxNode | null {
  const [only, other] = properties as readonly SyntaxNode[]
  const isLength = only?.type === 'ObjectProperty' && nameOf(only.key as SyntaxNode) === 'length' && other === undefined
  if (!isLength) throw new ReplacementRefusal('it is made of an object')
  return only.value as SyntaxNode
}

/** Throws ReplacementRefusal. */
function stepOf(callback: SyntaxNode, fragment: Fragment, index: string, text: string): Step {
  if (!isFunction(callback)) {
    fragment.expression({
      type: 'CallExpression',
      callee: callback,
      arguments: [],
      start: callback.start,
      end: callback.end,
      loc: callback.loc,
    })
    return { parameter: null, statements: [], value: (render, element) => `${render(callback)}(${element})` }
  }
  const [parameter = null, own] = parametersOf(callback, 2)
  if (own !== undefined && own !== index)
    throw new ReplacementRefusal('two functions of the chain use the same name for their index')
  const { statements, value } = bodyOf(callback)
  let isUsed = false
  fragment.within([index, ...(parameter === null ? [] : [parameter])], () => {
    for (const one of statements) {
      for (const { id, init } of one.declarations as readonly SyntaxNode[]) {
        if ((id as SyntaxNode).type !== 'Identifier' || !isNode(init)) throw new ReplacementRefusal('it takes values apart')
        fragment.expression(init)
        fragment.declare(nameOf(id as SyntaxNode)!)
      }
    }
    fragment.expression(value)
    isUsed = parameter !== null && [...statements, value].some((one) => mentions(one, parameter))
  })
  const isSimple =
    /^(Identifier|NumericLiteral|MemberExpression|BinaryExpression|CallExpression)$/.test(value.type) || text === ''
  return {
    parameter: isUsed ? parameter : null,
    statements,
    value: (render) => (isSimple ? render(value) : `(${render(value)})`),
  }
}

/** Declarations, and what is given at the end. Throws ReplacementRefusal. */
function bodyOf(callback: SyntaxNode): { readonly statements: readonly SyntaxNode[]; readonly value: SyntaxNode } {
  const body = callback.body as SyntaxNode
  if (body.type !== 'BlockStatement') return { statements: [], value: body }
  const statements = body.body as readonly SyntaxNode[]
  const last = statements.at(-1)
  if (last?.type !== 'ReturnStatement' || !isNode(last.argument))
    throw new ReplacementRefusal('its function does not end with what it gives')
  const before = statements.slice(0, -1)
  if (before.some(({ type }) => type !== 'VariableDeclaration'))
    throw new ReplacementRefusal('its function is more than an expression')
  return { statements: before, value: last.argument }
}

function reduceOf(
  source: SyntaxNode,
  [callback, initial]: readonly SyntaxNode[],
  fragment: Fragment,
  { name, fresh }: CallGiven,
): (render: Render) => string {
  if (callback === undefined || !isFunction(callback) || initial === undefined)
    throw new ReplacementRefusal('it does not say what it begins with')
  const [sum, element, own] = parametersOf(callback, 3)
  if (sum === undefined || element === undefined) throw new ReplacementRefusal('its function does not take an element')
  const { statements, value } = bodyOf(callback)
  if (statements.length > 0) throw new ReplacementRefusal('its function is more than an expression')
  fragment.atom(source, 'array')
  fragment.expression(initial)
  const index = own ?? fresh('i')
  fragment.within([sum, element, index], () => fragment.expression(value))
  return (render) => {
    const list = render(source)
    const head = `let ${name} = ${render(initial)}\nfor (let ${index} = 0; ${index} < ${list}.length; ${index}++) {`
    return `${head}\n  const ${element} = ${list}[${index}]\n  const ${sum} = ${name}\n  ${name} = ${render(value)}\n}`
  }
}
