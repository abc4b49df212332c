// Which calls are which pattern, by their full name; of methods of values that are not known here, by the method's name.
import type { PatternName } from '../facts.ts'
import { containsNode, nameOf, type SyntaxNode } from './syntax.ts'

const TYPED =
  /^(Float32Array|Float64Array|Int8Array|Uint8Array|Uint8ClampedArray|Int16Array|Uint16Array|Int32Array|Uint32Array|BigInt64Array|BigUint64Array)$/
const FILE_READ = /^fs(\.promises)?\.(readFileSync|readFile|readdirSync|openSync|createReadStream)$|^readFileSync$/
const MODEL_LOAD =
  /(^|\.)(InferenceSession\.create|from_pretrained|loadLayersModel|loadGraphModel|loadAndCompile|loadTFLiteModel|loadSavedModel)$/
const BLOCKING =
  /^(child_process\.(execSync|spawnSync|execFileSync)|zlib\.\w+Sync|crypto\.(pbkdf2Sync|scryptSync|randomFillSync|generateKeyPairSync)|fs\.\w+Sync|Atomics\.wait)$/
const DECODE =
  /(^|\.)(Jimp\.(read|fromBuffer)|jpeg\.decode|PNG\.sync\.read|decodeJpeg|decodePng|decodeImage|loadImage|jpeg-js\.decode|decode_jpeg)$|^(sharp|jimp\.read|pngjs\.PNG\.sync\.read|upng-js\.decode|UPNG\.decode)$/
const TOKENIZE = /(^|\.)(tokenize|encode_plus|batchEncode|encodeBatch)$/
const DEVICE_READ = /\.(dataSync|arraySync|data|array|getData)$/
const TENSOR =
  /^(tf|@tensorflow\/tfjs\S*)\.(tensor|tensor[1-6]d|scalar|zeros|ones|fill|stack|concat|div|mul|sub|add|cast|reshape|expandDims|image\.resizeBilinear|browser\.fromPixels)$/
const PREDICT = /\.(run|predict|execute|executeAsync|infer|invoke)$/

/** Calls that are looked at while they run, pattern or not. */
export const WATCHED_CALLS =
  /\.(push|map|run|predict|execute|executeAsync|stringify|parse)$|^(fetch|structuredClone|Array\.from|Object\.entries)$/

/** The patterns that a call is; mostly none. */
export function callPattern(node: SyntaxNode, callee: string, inLoop: boolean): PatternName[] {
  const found: PatternName[] = []
  if (/^JSON\.(parse|stringify)$/.test(callee)) found.push('json')
  if (FILE_READ.test(callee)) found.push('file-read')
  if (MODEL_LOAD.test(callee)) found.push('model-load')
  if (BLOCKING.test(callee)) found.push('blocking-call')
  if (DECODE.test(callee)) found.push('image-decode')
  if (TOKENIZE.test(callee)) found.push('hand-tokenizer')
  if (TENSOR.test(callee)) found.push('tensor-made')
  if (inLoop && DEVICE_READ.test(callee) && (node.arguments as readonly SyntaxNode[]).length === 0) found.push('device-read')
  if (inLoop && PREDICT.test(callee)) found.push('predict-in-loop')
  if (inLoop && /\.push$/.test(callee)) found.push('list-grown')
  if (/^Promise\.(all|allSettled)$/.test(callee)) found.push('promise-all')
  found.push(...arrayPattern(node, callee))
  return found
}

/** `new Float32Array(x)` makes an array of a number and converts a list; which it was, the run tells. */
function arrayPattern(node: SyntaxNode, callee: string): PatternName[] {
  const [first] = node.arguments as readonly SyntaxNode[]
  if (node.type === 'NewExpression' && TYPED.test(callee) && first !== undefined) {
    if (isSize(first)) return ['buffer-made']
    return callee === 'Float64Array' ? ['list-to-array', 'buffer-made', 'float64-made'] : ['list-to-array', 'buffer-made']
  }
  const [type, method] = callee.split('.')
  if (TYPED.test(type!) && (method === 'from' || method === 'of'))
    return callee.startsWith('Float64') ? ['list-to-array', 'float64-made'] : ['list-to-array']
  if (callee === 'Array.from' || /\.flat$/.test(callee)) return ['list-to-array']
  if (/(^|\.)(Tensor|tensor|tensor[1-6]d)$/.test(callee)) return ['list-to-array']
  if (/^Buffer\.(alloc|allocUnsafe|from)$/.test(callee) || (callee === 'Array' && first !== undefined)) return ['buffer-made']
  return []
}

/** A number by its looks: a literal, a product, a length. */
function isSize(node: SyntaxNode): boolean {
  if (node.type === 'NumericLiteral') return true
  if (node.type === 'BinaryExpression') return !containsNode(node, (one) => one.type === 'ArrayExpression')
  return /(^|\.)(length|size|width|height|byteLength)$|^[A-Z_]+$|^(n|count)$/.test(nameOf(node) ?? '')
}
