// What one file of the user's JavaScript or TypeScript says without being run: patterns with their places, and the sites that probes can be
// put at. Both are told in the order of the source, so that whoever reads the same text gets the same numbers.
import type { PatternName, SourcePattern } from '../facts.ts'
import { callPattern, WATCHED_CALLS } from './call-patterns.ts'
import { type GeneratorNames, generatorNames, generatorPatterns } from './generators.ts'
import { isImageDecoder } from './image-decoder.ts'
import { modelVariable } from './load-options.ts'
import { isArithmeticCallback, loopShape } from './loops.ts'
import {
  childrenOf,
  containsNode,
  fullName,
  functionName,
  importedNames,
  isEachCallback,
  isExpression,
  isFunction,
  isLoop,
  isNode,
  nameOf,
  parseSource,
  type SyntaxNode,
  walk,
} from './syntax.ts'
import { isTokenizerLoop } from './tokenizers.ts'

export interface Site {
  readonly kind: 'call' | 'loop'
  readonly line: number
  readonly endLine: number
  readonly function: string | null
  /** Full name of a call's callee; '' for a loop. */
  readonly callee: string
  /** Start of the expression, or of a loop's body. */
  readonly start: number
  readonly end: number
  /** The first argument that is no name of a type, if there is one and it is no spread. */
  readonly argument: { readonly start: number; readonly end: number } | null
  /** A loop's body stands in braces. */
  readonly braces: boolean
  /** Names of what the loop reads and writes by index. */
  readonly arrays: readonly string[]
}

export interface FunctionRange {
  readonly name: string | null
  readonly line: number
  readonly endLine: number
  /** Names that are called in it, each with its lines. */
  readonly calls: ReadonlyMap<string, readonly number[]>
}

export interface ImportedModule {
  readonly specifier: string
  readonly line: number
}

export interface ReadSource {
  readonly patterns: readonly SourcePattern[]
  readonly sites: readonly Site[]
  readonly functions: readonly FunctionRange[]
  readonly imports: readonly ImportedModule[]
}

/** Most characters of one line. */
const LONGEST_CODE = 80

/** Null if it cannot be parsed. `file`: as places are to have it. */
export function readSource(text: string, file: string): ReadSource | null {
  const program = parseSource(text, file)
  return program === null ? null : new Reader(text, file, program).read()
}

interface Around {
  readonly way: readonly SyntaxNode[]
  readonly loop: SourcePattern['loop']
  readonly once: boolean
}

class Reader {
  private readonly patterns: SourcePattern[] = []
  private readonly sites: Site[] = []
  private readonly functions: FunctionRange[] = []
  private readonly imports: ImportedModule[] = []
  private readonly told = new Set<SyntaxNode>()
  private topLevel: ReadonlySet<string> | undefined
  private readonly imported: ReadonlyMap<string, string>
  private readonly generators: GeneratorNames | null

  private readonly text: string
  private readonly file: string
  private readonly program: SyntaxNode

  constructor(text: string, file: string, program: SyntaxNode) {
    this.text = text
    this.file = file
    this.program = program
    this.imported = importedNames(program)
    this.generators = generatorNames(program, this.imported)
  }

  read(): ReadSource {
    walk(this.program, (node, way) => {
      const from = (node.source as SyntaxNode | undefined)?.value
      if (typeof from === 'string') this.imports.push({ specifier: from, line: node.loc.start.line })
      if (isFunction(node)) this.function(node, way)
      const around = { way, loop: loopAround(way), once: isOnce(way) }
      if (isLoop(node)) this.loop(node, around)
      else if (isEachCallback(node, way.at(-1))) this.callback(node, around)
      else if (node.type === 'CallExpression' || node.type === 'NewExpression') this.call(node, around)
      else if (node.type === 'AssignmentExpression') this.assignment(node, around)
      if (isThreadSetting(node)) this.add('thread-setting', node, around)
      return undefined
    })
    const { patterns, sites, functions, imports } = this
    return { patterns, sites, functions, imports }
  }

  private add(pattern: PatternName, node: SyntaxNode, { way, loop, once }: Around, callee: string | null = null): void {
    const { start, end } = node.loc
    const code = this.text.slice(node.start, node.end).split('\n')[0]!.trim().slice(0, LONGEST_CODE)
    const place = { file: this.file, line: start.line, endLine: end.line, function: functionName(way) }
    const more = pattern === 'file-read' ? { fixed: isFixed((node.arguments as readonly SyntaxNode[])[0], way) } : {}
    const loaded = pattern === 'dtype-missing' ? { variable: modelVariable(way) } : {}
    this.patterns.push({ pattern, ...place, loop, once, code, callee, ...more, ...loaded })
  }

  private function(node: SyntaxNode, way: readonly SyntaxNode[]): void {
    this.functions.push(this.rangeOf(node, way))
    const own = functionName([...way, node])
    const around = { way: [...way, node], loop: null, once: isOnce([...way, node]) }
    if (!isEachCallback(node, way.at(-1)) && isImageDecoder(node, own)) this.add('image-decode', node, around)
  }

  private loop(node: SyntaxNode, around: Around): void {
    const shape = loopShape(node)
    // Of loops in each other the outermost that moves elements is told.
    const isInside = around.way.some((one) => this.told.has(one))
    if (shape !== null && !isInside) this.add(shape.kind, node, around)
    if (shape?.kind === 'layout-loop') this.told.add(node)
    if (isTokenizerLoop(node, around.way)) this.add('hand-tokenizer', node, around)
    const body = node.body as SyntaxNode
    this.site('loop', node, body, { ...around, arrays: (shape?.arrays ?? []).filter(isExpression) })
  }

  private callback(node: SyntaxNode, around: Around): void {
    const call = around.way.at(-1)!
    if (isArithmeticCallback(node) && isMap(call) && isOverElements(node, call))
      this.add('elementwise-loop', call, { ...around, way: around.way.slice(0, -1) })
    const above = around.way.slice(0, -1)
    if (isTokenizerLoop(call, above)) this.add('hand-tokenizer', call, { ...around, way: above })
    if (isRegrownByReduce(node, call)) this.add('array-regrown', call, { ...around, way: around.way.slice(0, -1) })
  }

  private call(node: SyntaxNode, around: Around): void {
    const callee = fullName(node.callee as SyntaxNode, this.imported)
    if (callee === null) return
    const [first] = node.arguments as readonly SyntaxNode[]
    if (callee === 'require' && first?.type === 'StringLiteral') {
      this.imports.push({ specifier: first.value as string, line: node.loc.start.line })
    }
    const generating = this.generators === null ? [] : generatorPatterns(node, callee, this.generators, around.way)
    const found = [...new Set([...callPattern(node, callee, around.loop !== null), ...generating])]
    for (const pattern of found) this.add(pattern, node, around, callee)
    const method = /^(.+)\.(push|unshift|set|add|append)$/.exec(callee)
    if (method !== null && this.isOutside(method[1]!, around.way)) this.add('kept-outside', node, around, callee)
    if (this.mapsByName(node)) this.add('elementwise-loop', node, around, callee)
    if (found.length > 0 || WATCHED_CALLS.test(callee)) this.site('call', node, node, { ...around, arrays: [], callee })
  }

  /** `this.x`, or a name of the module's top level: it is there after the call. */
  private isOutside(name: string, way: readonly SyntaxNode[]): boolean {
    if (!way.some(isFunction)) return false
    const [first] = name.split('.')
    if (first === 'this') return name !== 'this'
    this.topLevel ??= topLevelNames(this.program)
    return this.topLevel.has(first!) && !way.some((node) => isFunction(node) && declares(node, first!))
  }

  /** pixels.map(normalize), where normalize is a function of this file that reckons one number of one. */
  private mapsByName(call: SyntaxNode): boolean {
    if (!isMap(call)) return false
    const names = (call.arguments as readonly SyntaxNode[]).flatMap((one) => (one.type === 'Identifier' ? [nameOf(one)!] : []))
    let found = false
    walk(this.program, (node) => {
      const isNamed = (id: unknown) => isNode(id) && names.includes(nameOf(id) ?? '')
      if (node.type === 'FunctionDeclaration' && isNamed(node.id)) found ||= isArithmeticCallback(node)
      if (node.type === 'VariableDeclarator' && isNamed(node.id) && isNode(node.init) && isFunction(node.init))
        found ||= isArithmeticCallback(node.init)
      return names.length > 0
    })
    return found
  }

  /** x = x.concat(y), x = [...x, y], s += 'text' in a loop. */
  private assignment(node: SyntaxNode, around: Around): void {
    const left = node.left as SyntaxNode
    const holder = left.type === 'MemberExpression' && left.computed === true ? nameOf(left.object as SyntaxNode) : null
    if (holder !== null && this.isOutside(holder, around.way)) this.add('kept-outside', node, around)
    const name = nameOf(node.left as SyntaxNode)
    if (name === null || around.loop === null) return
    const right = node.right as SyntaxNode
    const isSpread =
      right.type === 'ArrayExpression' &&
      (right.elements as readonly (SyntaxNode | null)[]).some(
        (one) => one?.type === 'SpreadElement' && nameOf(one.argument as SyntaxNode) === name,
      )
    const isConcat = right.type === 'CallExpression' && nameOf(right.callee as SyntaxNode) === `${name}.concat`
    const isTyped =
      right.type === 'CallExpression' &&
      /^(Buffer\.concat|Float32Array\.of|Float32Array\.from)$/.test(nameOf(right.callee as SyntaxNode) ?? '') &&
      this.text.slice(right.start, right.end).includes(name)
    if (isSpread || isConcat || isTyped) this.add('array-regrown', node, around)
  }

  private site(
    kind: Site['kind'],
    node: SyntaxNode,
    range: SyntaxNode,
    { way, arrays, callee = '' }: Around & { arrays: readonly string[]; callee?: string },
  ): void {
    const [first, second] = kind === 'call' ? (node.arguments as readonly SyntaxNode[]) : []
    // new Tensor('float32', numbers, dims)
    const told = first?.type === 'StringLiteral' && second !== undefined ? second : first
    const argument = told === undefined || told.type === 'SpreadElement' ? null : { start: told.start, end: told.end }
    const braces = range.type === 'BlockStatement'
    const { start, end } = range
    const place = { line: node.loc.start.line, endLine: node.loc.end.line, function: functionName(way) }
    this.sites.push({ kind, ...place, callee, start, end, argument, braces, arrays })
  }

  private rangeOf(node: SyntaxNode, way: readonly SyntaxNode[]): FunctionRange {
    const calls = new Map<string, number[]>()
    walk(node.body as SyntaxNode, (inner, above) => {
      if (isFunction(inner) && !isEachCallback(inner, above.at(-1))) return false
      if (inner.type !== 'CallExpression' && inner.type !== 'NewExpression') return undefined
      const callee = inner.callee as SyntaxNode
      const name = (nameOf(callee) ?? fullName(callee, this.imported) ?? '').split('.').at(-1)!
      const line = (isNode(callee.property) ? callee.property : callee).loc.start.line
      calls.set(name, [...(calls.get(name) ?? []), line])
      return undefined
    })
    return { name: functionName([...way, node]), line: node.loc.start.line, endLine: node.loc.end.line, calls }
  }
}

function topLevelNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>()
  for (const statement of program.body as readonly SyntaxNode[]) {
    const inner = isNode(statement.declaration) ? statement.declaration : statement
    if (inner.type !== 'VariableDeclaration') continue
    for (const { id } of inner.declarations as readonly SyntaxNode[])
      for (const name of namesOf(id as SyntaxNode)) names.add(name)
  }
  return names
}

const namesOf = (pattern: SyntaxNode): string[] =>
  pattern.type === 'Identifier' ? [pattern.name as string] : childrenOf(pattern).flatMap(namesOf)

/** A parameter, or a variable of its own. */
function declares(node: SyntaxNode, name: string): boolean {
  if ((node.params as readonly SyntaxNode[]).some((one) => namesOf(one).includes(name))) return true
  return containsNode(
    node.body as SyntaxNode,
    (one) => one.type === 'VariableDeclarator' && namesOf(one.id as SyntaxNode).includes(name),
  )
}

/** Whether it is made of nothing that functions around are given or keep: the same at each call. */
function isFixed(path: SyntaxNode | undefined, way: readonly SyntaxNode[]): boolean {
  if (path === undefined) return false
  const own = way.filter(isFunction)
  return !containsNode(path, (node) => node.type === 'Identifier' && own.some((one) => declares(one, node.name as string)))
}

/** reduce((all, x) => [...all, f(x)], []), (all, x) => all.concat(…), (all, x) => ({ ...all, … }). */
function isRegrownByReduce(callback: SyntaxNode, call: SyntaxNode): boolean {
  const method = propertyOf(call)
  const [first] = callback.params as readonly SyntaxNode[]
  const all = first === undefined ? null : nameOf(first)
  if (!/^reduce(Right)?$/.test(method) || all === null) return false
  const isAll = (node: SyntaxNode) => nameOf(node) === all
  return containsNode(callback.body as SyntaxNode, (node) => {
    if (node.type === 'SpreadElement') return isAll(node.argument as SyntaxNode)
    const callee = node.type === 'CallExpression' ? (node.callee as SyntaxNode) : null
    return callee?.type === 'MemberExpression' && isAll(callee.object as SyntaxNode) && nameOf(callee) === `${all}.concat`
  })
}

/** { intraOpNumThreads: 8 }, new Worker(…), process.env.UV_THREADPOOL_SIZE = … */
function isThreadSetting(node: SyntaxNode): boolean {
  if (node.type === 'ObjectProperty') return THREAD_OPTION.test(nameOf(node.key as SyntaxNode) ?? '')
  if (node.type === 'NewExpression') return THREAD_MAKER.test(nameOf(node.callee as SyntaxNode) ?? '')
  return node.type === 'AssignmentExpression' && THREAD_VARIABLE.test(nameOf(node.left as SyntaxNode) ?? '')
}

const THREAD_OPTION = /^(intraOpNumThreads|interOpNumThreads|numThreads|num_threads|maxThreads|minThreads|maxWorkers|poolSize)$/
const THREAD_MAKER = /(^|\.)(Worker|Piscina|Tinypool|WorkerPool)$/
const THREAD_VARIABLE =
  /^process\.env\.(UV_THREADPOOL_SIZE|[A-Z]+_NUM_THREADS)$|(^|\.)(numThreads|intraOpNumThreads|interOpNumThreads)$/

/** Not Array.from({ length: n }, (_, i) => i / n), which makes numbers of nothing. */
function isOverElements(callback: SyntaxNode, call: SyntaxNode): boolean {
  const [source] = call.arguments as readonly SyntaxNode[]
  if (source?.type !== 'ObjectExpression') return true
  return containsNode(callback.body as SyntaxNode, ({ type, computed }) => type === 'MemberExpression' && computed === true)
}

const isMap = (call: SyntaxNode): boolean => /\.(map|from)$/.test(nameOf(call.callee as SyntaxNode) ?? `.${propertyOf(call)}`)
const propertyOf = ({ callee }: SyntaxNode): string => {
  const property = (callee as SyntaxNode).property
  return isNode(property) ? (nameOf(property) ?? '') : ''
}

/** The innermost loop, or callback of map and the like, within the same function. */
function loopAround(way: readonly SyntaxNode[]): SourcePattern['loop'] {
  let found: SyntaxNode | null = null
  let depth = 0
  for (let at = way.length - 1; at >= 0; at--) {
    const node = way[at]!
    const isEach = isEachCallback(node, way[at - 1])
    if (isFunction(node) && !isEach) break
    if (!isLoop(node) && !isEach) continue
    found ??= node
    depth++
  }
  return found === null ? null : { line: found.loc.start.line, endLine: found.loc.end.line, depth }
}

/** Functions that run once, whatever calls them. */
const ONCE = /^(load|samples|constructor|init|initialize|setup|loadModel|createSession|getSession|getModel|warmUp)$/

/** Whether the place runs once: at the module's top level, in a function that runs once, or behind a test that it was not done before. */
function isOnce(way: readonly SyntaxNode[]): boolean {
  const functions = way.filter(isFunction)
  if (functions.length === 0) return true
  if (ONCE.test(functionName(way) ?? '')) return true
  return way.some((node, at) => isKept(node, way[at + 1]))
}

/** x ??= …, x ||= …, if (!x) …, if (x === undefined) …, x ?? …  */
function isKept(node: SyntaxNode, next: SyntaxNode | undefined): boolean {
  if (node.type === 'AssignmentExpression') return /^(\?\?|\|\|)=$/.test(node.operator as string)
  if (node.type === 'LogicalExpression') return next === node.right && /^(\?\?|\|\|)$/.test(node.operator as string)
  if (node.type !== 'IfStatement' || next !== node.consequent) return false
  const test = node.test as SyntaxNode
  if (test.type === 'UnaryExpression' && test.operator === '!') return true
  const isNothing = (one: SyntaxNode) => one.type === 'NullLiteral' || nameOf(one) === 'undefined'
  return test.type === 'BinaryExpression' && /^===?$/.test(test.operator as string) && isNothing(test.right as SyntaxNode)
}
