// Images split by the program's own code: a function that knows a format's marks (PNG's chunks, JPEG's markers, the heads of BMP, GIF,
// WebP, QOI and PPM), or is called what it does.
import { containsNode, isFunction, nameOf, type SyntaxNode, walk } from './syntax.ts'

const WORDS = /^(IHDR|IDAT|PLTE|IEND|\x89PNG.*|PNG|JFIF|Exif|RIFF|WEBP|GIF8[79]?a?|qoif|P[36]|BM)$/
/** 0x89504e47, 'qoif', 'IHDR', 'IDAT'; two bytes of JPEG's markers, 'BM'. */
const NUMBERS = new Set([0x89504e47, 0x716f6966, 0x49484452, 0x49444154, 0xffd8, 0xffda, 0xffc0, 0xffdb, 0x424d, 0x4d42])
const NAME = /^(decode|read|parse|unpack|load)_?(image|png|jpe?g|bmp|gif|webp|qoi|ppm|picture|frame)s?$/i
const NAME_TURNED = /^(image|png|jpe?g|bmp|gif|webp|qoi|ppm|picture)_?(decode|decoder|to_?pixels|to_?array)$/i

/** `name`: of the function; null: it has none. */
export function isImageDecoder(node: SyntaxNode, name: string | null): boolean {
  if (name !== null && (NAME.test(name) || NAME_TURNED.test(name))) return true
  return marks(node) > 0 && readsBytes(node)
}

/** Counts marks in the function itself, not in those in it. */
function marks(node: SyntaxNode): number {
  let found = 0
  walk(node.body as SyntaxNode, (inner) => {
    if (isFunction(inner)) return false
    if (inner.type === 'StringLiteral' && WORDS.test(inner.value as string)) found++
    if (inner.type === 'NumericLiteral' && NUMBERS.has(inner.value as number)) found++
    return undefined
  })
  return found
}

const READS = /^(readU?Int|getU?Int|inflate|unzip|latin1Slice|toString$|decode$|charCodeAt$|subarray$|slice$)/

const readsBytes = (node: SyntaxNode): boolean =>
  containsNode(node.body as SyntaxNode, (inner) => {
    if (inner.type === 'MemberExpression' && inner.computed === true) return true
    if (inner.type !== 'CallExpression') return false
    const { property } = inner.callee as SyntaxNode
    return READS.test(nameOf((property ?? inner.callee) as SyntaxNode) ?? '')
  })
