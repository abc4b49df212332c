// A loop over elements, read statement by statement, and what is to be written in its place: the same loop over typed arrays, lists that it
// grows made in their full size. Since the statements stay, in their order, it gives the same bits whatever depends on what; what the values
// must be for that is looked at when they are known (prove.ts).
import { isNode, nameOf, type SyntaxNode } from '../../javascript/syntax.ts'
import { type Fragment, type Render, ReplacementRefusal, type SourceEdit } from './fragment.ts'

/** A list that is made empty, or of a size, right before the loop. */
export interface MadeList {
  readonly name: string
  readonly statement: SyntaxNode
  /** Size in `new Array(n)`; null: it is empty. */
  readonly size: SyntaxNode | null
  /** Value in `.fill(x)`; null: none. */
  readonly filling: SyntaxNode | null
}

interface Push {
  readonly list: string
  readonly node: SyntaxNode
  readonly value: SyntaxNode
  /** Whether it runs in each turn of the outermost loop. */
  readonly always: boolean
}

/** The outermost loop: how often it runs at most, as code, and the name that counts from 0; null: none does. */
export interface Turns {
  readonly most: (render: Render) => string
  readonly index: string | null
}

export class Piece {
  readonly edits: SourceEdit[] = []
  private readonly pushes: Push[] = []
  /** Turns may end early. */
  private jumps = false

  readonly fragment: Fragment
  private readonly lists: ReadonlyMap<string, MadeList>
  private readonly fresh: (wanted: string) => string

  /** `fresh`: a name that the file does not have. */
  constructor(fragment: Fragment, lists: readonly MadeList[], fresh: (wanted: string) => string) {
    this.fragment = fragment
    this.lists = new Map(lists.map((list) => [list.name, list]))
    this.fresh = fresh
    for (const { name, size, filling } of lists) {
      fragment.made.add(name)
      for (const one of [size, filling]) if (one !== null) fragment.bounded(one)
    }
  }

  // Loops ------------------------------------------------------------------------------------------------------------------------------

  /** Throws ReplacementRefusal. */
  loop(node: SyntaxNode, depth = 0): Turns {
    if (node.type === 'ForStatement') return this.counted(node, depth)
    if (node.type === 'ForOfStatement' && node.await !== true) return this.each(node, depth)
    throw new ReplacementRefusal('it is not a loop that counts or goes through a list')
  }

  private counted(node: SyntaxNode, depth: number): Turns {
    const { init, test, update } = node
    if (!isNode(init) || !isNode(test) || !isNode(update)) throw new ReplacementRefusal('its bounds are not in its header')
    const { fragment } = this
    let turns: Turns = { most: () => '', index: null }
    fragment.within([], () => {
      if (init.type === 'VariableDeclaration') this.declaration(init)
      else fragment.expression(init)
      fragment.bounded(test)
      fragment.bounded(update)
      turns = turnsOf(init, test, update)
      this.statement(node.body as SyntaxNode, depth + 1, true)
    })
    return turns
  }

  private each(node: SyntaxNode, depth: number): Turns {
    const list = node.right as SyntaxNode
    this.fragment.atom(list, 'array')
    const left = node.left as SyntaxNode
    const [declared] = left.type === 'VariableDeclaration' ? (left.declarations as readonly SyntaxNode[]) : []
    const id = declared?.id
    if (!isNode(id) || id.type !== 'Identifier')
      throw new ReplacementRefusal('it assigns its elements to something other than a variable')
    const index = this.fresh('i')
    const body = node.body as SyntaxNode
    const kind = left.kind === 'const' ? 'const' : 'let'
    this.headOf({ start: node.start, end: body.start }, body, { index, list, element: `${kind} ${id.name as string}` })
    this.fragment.within([id.name as string], () => this.statement(body, depth + 1, true))
    return { most: (render) => `${render(list)}.length`, index }
  }

  /** for (let i = 0; i < list.length; i++) { const x = list[i] … */
  private headOf(
    head: { readonly start: number; readonly end: number },
    body: SyntaxNode,
    { index, list, element }: { readonly index: string; readonly list: SyntaxNode; readonly element: string | null },
  ): void {
    const counting = (render: Render) => `for (let ${index} = 0; ${index} < ${render(list)}.length; ${index}++) `
    const taking = (render: Render) => (element === null ? '' : `${element} = ${render(list)}[${index}]`)
    this.edits.push({ ...head, text: counting })
    if (body.type === 'BlockStatement') this.put(body.start + 1, (render) => (element === null ? '' : `\n  ${taking(render)}\n `))
    else {
      this.put(body.start, (render) => `{\n  ${taking(render)}\n  `)
      this.put(body.end, () => '\n}')
    }
  }

  /** list.forEach((x, i) => { … }), as a statement. */
  forEach(statement: SyntaxNode): Turns {
    const call = statement.expression as SyntaxNode
    const list = (call.callee as SyntaxNode).object as SyntaxNode
    const [callback] = call.arguments as readonly SyntaxNode[]
    const [element, own] = parametersOf(callback!, 2)
    const index = own ?? this.fresh('i')
    this.fragment.atom(list, 'array')
    const body = callback!.body as SyntaxNode
    const head = { start: statement.start, end: body.start }
    this.headOf(head, body, { index, list, element: element === undefined ? null : `const ${element}` })
    this.edits.push({ start: body.end, end: statement.end, text: '' })
    this.fragment.within([index, ...(element === undefined ? [] : [element])], () => {
      if (body.type === 'BlockStatement') this.statement(body, 1, true)
      else this.effect(body, 1, true)
    })
    return { most: (render) => `${render(list)}.length`, index }
  }

  private put(at: number, text: (render: Render) => string): void {
    this.edits.push({ start: at, end: at, text })
  }

  // Statements -------------------------------------------------------------------------------------------------------------------------

  /** `depth`: of loops around; `always`: it runs in each turn of the outermost. */
  private statement(node: SyntaxNode, depth: number, always: boolean): void {
    switch (node.type) {
      case 'BlockStatement':
        this.fragment.within([], () => {
          for (const one of node.body as readonly SyntaxNode[]) this.statement(one, depth, always)
        })
        return
      case 'EmptyStatement':
        return
      case 'ExpressionStatement':
        this.effect(node.expression as SyntaxNode, depth, always)
        return
      case 'VariableDeclaration':
        this.declaration(node)
        return
      case 'IfStatement':
        this.fragment.expression(node.test as SyntaxNode)
        this.statement(node.consequent as SyntaxNode, depth, false)
        if (isNode(node.alternate)) this.statement(node.alternate, depth, false)
        return
      case 'ContinueStatement':
      case 'BreakStatement':
        if (isNode(node.label)) throw new ReplacementRefusal('it jumps out of several loops')
        this.jumps = true
        return
      case 'ForStatement':
      case 'ForOfStatement':
        this.loop(node, depth)
        return
      default:
        throw new ReplacementRefusal(`${this.fragment.slice(node)} is more than arithmetic`)
    }
  }

  private declaration(node: SyntaxNode): void {
    for (const { id, init } of node.declarations as readonly SyntaxNode[]) {
      if (!isNode(id) || id.type !== 'Identifier') throw new ReplacementRefusal('it takes values apart')
      if (isNode(init)) this.fragment.expression(init)
      this.fragment.declare(id.name as string)
    }
  }

  private effect(node: SyntaxNode, depth: number, always: boolean): void {
    const push = putInto(node)
    if (push === null || !this.lists.has(push.list)) {
      this.fragment.expression(node)
      return
    }
    const { list, values } = push
    const [value, ...others] = values
    if (value === undefined || others.length > 0 || value.type === 'SpreadElement')
      throw new ReplacementRefusal('it pushes several values at once')
    if (depth > 1) throw new ReplacementRefusal('how long its list gets is not known before')
    this.fragment.expression(value)
    this.pushes.push({ list, node, value, always })
  }

  // Lists ------------------------------------------------------------------------------------------------------------------------------

  /** Writes the lists in their full size; names of what the piece makes. Throws ReplacementRefusal. */
  finish({ most, index }: Turns, end: number): string[] {
    for (const list of this.lists.values()) {
      const pushes = this.pushes.filter((push) => push.list === list.name)
      const stores = this.fragment.stores.filter((node) => nameOf(node.object as SyntaxNode) === list.name)
      if (pushes.length === 0 && stores.length === 0) throw new ReplacementRefusal(`nothing is put into ${list.name}`)
      if (list.size !== null) this.sized(list, pushes)
      else if (pushes.length === 0) this.stored(list, stores, { most, index })
      else if (stores.length > 0) throw new ReplacementRefusal(`${list.name} is written in two ways`)
      else this.pushed(list, pushes, { most, index }, end)
    }
    return [...this.lists.keys()]
  }

  private sized({ name, statement, size, filling }: MadeList, pushes: readonly Push[]): void {
    if (pushes.length > 0) throw new ReplacementRefusal(`${name} grows beyond its size`)
    this.replace(statement, (render) => {
      const filled = filling === null ? '' : `.fill(${render(filling)})`
      return `const ${name} = new Float64Array(${render(size!)})${filled}`
    })
  }

  private stored({ name, statement }: MadeList, stores: readonly SyntaxNode[], { most, index }: Turns): void {
    if (index === null || stores.some(({ property }) => nameOf(property as SyntaxNode) !== index))
      throw new ReplacementRefusal(`how long ${name} gets is not known before`)
    this.replace(statement, (render) => `const ${name} = new Float64Array(${most(render)})`)
  }

  private pushed({ name, statement }: MadeList, pushes: readonly Push[], { most, index }: Turns, end: number): void {
    const [only] = pushes
    if (pushes.length === 1 && only!.always && !this.jumps && index !== null) {
      this.replace(statement, (render) => `const ${name} = new Float64Array(${most(render)})`)
      this.replace(only!.node, (render) => `${name}[${index}] = ${render(only!.value)}`)
      return
    }
    const [all, at] = [this.fresh('all'), this.fresh('at')]
    const times = pushes.length === 1 ? '' : ` * ${pushes.length}`
    this.replace(statement, (render) => `const ${all} = new Float64Array(${most(render)}${times})\nlet ${at} = 0`)
    for (const { node, value } of pushes) this.replace(node, (render) => `${all}[${at}++] = ${render(value)}`)
    this.put(end, () => `\nconst ${name} = ${all}.subarray(0, ${at})`)
  }

  private replace({ start, end }: SyntaxNode, text: (render: Render) => string): void {
    this.edits.push({ start, end, text })
  }
}

/** list.push(x), list = [...list, x], list = list.concat(x); null: it is none of these. */
function putInto(node: SyntaxNode): { readonly list: string; readonly values: readonly SyntaxNode[] } | null {
  if (node.type === 'CallExpression') return calledOn(node, 'push')
  if (node.type !== 'AssignmentExpression' || node.operator !== '=') return null
  const list = nameOf(node.left as SyntaxNode)
  const right = node.right as SyntaxNode
  if (list === null) return null
  if (right.type === 'ArrayExpression') {
    const [first, ...values] = right.elements as readonly (SyntaxNode | null)[]
    const isSpread = first?.type === 'SpreadElement' && nameOf(first.argument as SyntaxNode) === list
    return isSpread && values.every(isNode) ? { list, values: values as readonly SyntaxNode[] } : null
  }
  const joined = right.type === 'CallExpression' ? calledOn(right, 'concat') : null
  if (joined?.list !== list) return null
  const [only] = joined.values
  return only?.type === 'ArrayExpression' && joined.values.length === 1
    ? { list, values: only.elements as readonly SyntaxNode[] }
    : joined
}

/** name.method(…) */
function calledOn(call: SyntaxNode, method: string): { readonly list: string; readonly values: readonly SyntaxNode[] } | null {
  const callee = call.callee as SyntaxNode
  const list = callee.type === 'MemberExpression' && callee.computed !== true ? nameOf(callee.object as SyntaxNode) : null
  if (list === null || nameOf(callee.property as SyntaxNode) !== method) return null
  return { list, values: call.arguments as readonly SyntaxNode[] }
}

/** `let i = 0; i < n; i++`: n turns at most, and i counts them where it begins at 0. Throws ReplacementRefusal. */
function turnsOf(init: SyntaxNode, test: SyntaxNode, update: SyntaxNode): Turns {
  const [only, other] = init.type === 'VariableDeclaration' ? (init.declarations as readonly SyntaxNode[]) : []
  const name = only === undefined || other !== undefined ? null : nameOf(only.id as SyntaxNode)
  const begins =
    only !== undefined && isNode(only.init) && only.init.type === 'NumericLiteral' ? (only.init.value as number) : null
  const isStep = update.type === 'UpdateExpression' && update.operator === '++' && nameOf(update.argument as SyntaxNode) === name
  const isTest = test.type === 'BinaryExpression' && test.operator === '<' && nameOf(test.left as SyntaxNode) === name
  if (name === null || begins === null || begins < 0 || !isStep || !isTest) return { most: unknown, index: null }
  return { most: (render) => render(test.right as SyntaxNode), index: begins === 0 ? name : null }
}

const unknown = (): string => {
  throw new ReplacementRefusal('how often it runs is not known before')
}

/** Names of a callback's parameters, `most` of them. Throws ReplacementRefusal. */
export function parametersOf(callback: SyntaxNode, most: number): string[] {
  if (callback.async === true || callback.generator === true) throw new ReplacementRefusal('its function is none of numbers')
  const all = callback.params as readonly SyntaxNode[]
  if (all.length > most || all.some(({ type }) => type !== 'Identifier'))
    throw new ReplacementRefusal('its function takes more than numbers')
  return all.map((one) => one.name as string)
}
