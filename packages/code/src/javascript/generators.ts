// Which calls generate text or make vectors of it, by transformers.js or node-llama-cpp, and what in them costs time. Only of files that import one
// of the two: names alone say too little.
// https://huggingface.co/docs/transformers.js, https://node-llama-cpp.withcat.ai
import type { PatternName } from '../facts.ts'
import { type FileObjects, fileObjects, givesOption } from './load-options.ts'
import { childrenOf, containsNode, isFunction, isLoop, isNode, nameOf, type SyntaxNode, walk } from './syntax.ts'

const TRANSFORMERS = /^@(huggingface|xenova)\/transformers$/
const LLAMA = /^node-llama-cpp$/
/** Options that only a call which generates has. */
const GENERATION_OPTIONS =
  /^(max_new_tokens|min_new_tokens|do_sample|num_beams|streamer|past_key_values|maxTokens|onTextChunk|onToken)$/
const EMBEDDING_OPTIONS = /^(pooling|normalize)$/
const LOADERS = /transformers\.pipeline$|transformers\.Auto(Model\w*)\.from_pretrained$/
/** Whose weights are float32 in Node if nobody says otherwise; version 2, @xenova/transformers, took quantized ones. */
const FLOAT32_UNLESS_SAID = /^@huggingface\//
/** An application's own choice: a number of bits, or a device whose default is another. */
const DTYPE_OPTIONS = /^(dtype|device|quantized)$/

/** What the names of a file say, as far as text is generated in it. */
export interface GeneratorNames {
  readonly isTransformers: boolean
  readonly isLlama: boolean
  /** Lists that grow: X of X.push(…). */
  readonly grown: ReadonlySet<string>
  /** Names that a tokenizer's result is given, and that are then cut. */
  readonly cut: ReadonlySet<string>
  readonly objects: FileObjects
}

/** null: the file imports neither. */
export function generatorNames(program: SyntaxNode, imported: ReadonlyMap<string, string>): GeneratorNames | null {
  const from = [...imported.values()].map((name) => name.replace(/\..*$/, ''))
  const [isTransformers, isLlama] = [TRANSFORMERS, LLAMA].map((name) => from.some((one) => name.test(one)))
  if (!isTransformers && !isLlama) return null
  const [grown, cut] = [new Set<string>(), new Set<string>()]
  walk(program, (node) => {
    const name = node.type === 'CallExpression' ? nameOf(node.callee as SyntaxNode) : null
    const method = name === null ? null : /^(.+)\.(push|slice|subarray)$/.exec(name)
    if (method !== null) (method[2] === 'push' ? grown : cut).add(method[1]!.split('.')[0]!)
    return undefined
  })
  return { isTransformers: isTransformers!, isLlama: isLlama!, grown, cut, objects: fileObjects(program) }
}

/** The patterns that a call is; mostly none. `way`: the nodes around it. */
export function generatorPatterns(
  node: SyntaxNode,
  callee: string,
  { isTransformers, isLlama, grown, cut, objects }: GeneratorNames,
  way: readonly SyntaxNode[],
): PatternName[] {
  const found: PatternName[] = []
  const given = node.arguments as readonly SyntaxNode[]
  if (isTransformers && LOADERS.test(callee)) {
    found.push('model-load')
    const options = given.slice(/\.pipeline$/.test(callee) ? 2 : 1)
    const isSpread = given.some(({ type }) => type === 'SpreadElement')
    const isMissing = !isSpread && givesOption(options, DTYPE_OPTIONS, objects) === false
    if (FLOAT32_UNLESS_SAID.test(callee) && isMissing) found.push('dtype-missing')
  }
  if (isLlama && (/node-llama-cpp\.getLlama$/.test(callee) || /\.loadModel$/.test(callee))) found.push('model-load')
  if (isLlama && /\.createContext$/.test(callee)) found.push('context-made')
  if (/(^|\.)TextStreamer$/.test(callee) && node.type === 'NewExpression') found.push('streamer-made')
  const isGenerate =
    /\.generate$/.test(callee) || (isLlama && /\.(prompt|promptWithMeta)$/.test(callee)) || hasOption(given, GENERATION_OPTIONS)
  if (isGenerate && node.type === 'CallExpression') {
    found.push('generate-call')
    if (numberOf(given, 'num_beams') > 1) found.push('beams-set')
    const isKept = isTransformers && !hasOption(given, /^past_key_values$/) && growsAround(node, grown, way)
    if (isKept) found.push('turns-uncached')
  }
  if (hasTrue(given, /^(probabilities|output_scores|output_logits)$/)) found.push('probabilities-taken')
  if (isTransformers && isTokenizer(callee) && !isShortened(given[0])) {
    const result = resultName(way)
    if ((result !== null && cut.has(result)) || isCut(node, way)) found.push('ids-cut')
  }
  const isBatch = hasOption(given, EMBEDDING_OPTIONS) || (isTokenizer(callee) && hasOption(given, /^padding$/))
  if (isTransformers && isBatch) found.push('texts-padded')
  return found
}

/** tokenizer(text), this.tokenizer.encode(text). */
const isTokenizer = (callee: string): boolean => /(^|\.)\w*[tT]okenizer(\.(encode|_call|tokenize))?$/.test(callee)

/** text.slice(0, 4096): what is tokenized was cut before. */
const isShortened = (text: SyntaxNode | undefined): boolean =>
  text?.type === 'CallExpression' && /\.(slice|substring|substr)$/.test(nameOf(text.callee as SyntaxNode) ?? '')

/** Members of objects that are given as arguments, also within each other. */
function options(given: readonly SyntaxNode[]): SyntaxNode[] {
  const of = (node: SyntaxNode): SyntaxNode[] =>
    node.type !== 'ObjectExpression'
      ? []
      : (node.properties as readonly SyntaxNode[]).flatMap((property) =>
          property.type === 'ObjectProperty' && isNode(property.value) ? [property, ...of(property.value)] : [property],
        )
  return given.flatMap(of)
}

const keyOf = (property: SyntaxNode): string => (isNode(property.key) ? (nameOf(property.key) ?? '') : '')
const hasOption = (given: readonly SyntaxNode[], names: RegExp): boolean => options(given).some((one) => names.test(keyOf(one)))
const hasTrue = (given: readonly SyntaxNode[], names: RegExp): boolean =>
  options(given).some(
    (one) => names.test(keyOf(one)) && isNode(one.value) && one.value.type === 'BooleanLiteral' && one.value.value === true,
  )

function numberOf(given: readonly SyntaxNode[], name: string): number {
  const value = options(given).find((one) => keyOf(one) === name)?.value
  return isNode(value) && value.type === 'NumericLiteral' ? (value.value as number) : 0
}

/** What is generated from is a list that grows: it is given to the call, or to apply_chat_template in the same function or loop. */
function growsAround(node: SyntaxNode, grown: ReadonlySet<string>, way: readonly SyntaxNode[]): boolean {
  const isGrown = (one: SyntaxNode | undefined) => one !== undefined && grown.has(nameOf(one) ?? '')
  const given = node.arguments as readonly SyntaxNode[]
  if (isGrown(given[0])) return true
  const around = [...way].reverse().find((one) => isFunction(one) || isLoop(one))
  if (around === undefined) return false
  return containsNode(around, (one) => {
    const isTemplate = one.type === 'CallExpression' && /\.apply_chat_template$/.test(nameOf(one.callee as SyntaxNode) ?? '')
    return isTemplate && isGrown((one.arguments as readonly SyntaxNode[])[0])
  })
}

/** `ids` of `const ids = await tokenizer(text)` and of `const { input_ids: ids } = …`. */
function resultName(way: readonly SyntaxNode[]): string | null {
  const declared = [...way].reverse().find(({ type }) => type !== 'AwaitExpression' && type !== 'MemberExpression')
  if (declared?.type !== 'VariableDeclarator') return null
  const id = declared.id as SyntaxNode
  if (id.type === 'Identifier') return nameOf(id)
  const [name] = childrenOf(id).flatMap((property) => (isNode(property.value) ? [nameOf(property.value)] : []))
  return name ?? null
}

/** tokenizer.encode(text).slice(0, 512). */
function isCut(node: SyntaxNode, way: readonly SyntaxNode[]): boolean {
  const member = way.at(-1)
  if (member?.type !== 'MemberExpression' || member.object !== node) return false
  return /^(slice|subarray)$/.test(nameOf(member.property as SyntaxNode) ?? '')
}
