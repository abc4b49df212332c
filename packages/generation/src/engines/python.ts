// Generators in the user's own Python: a small program there opens the model, generates and takes the times (whyslow_collector/generators.py).
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import { type Peer, type PythonPackages, pythonAvailability, startPeer } from '@whyslow/measure/engines/python/python-session.ts'
import type {
  CallParts,
  GeneratedToken,
  Generation,
  Generator,
  GeneratorEngine,
  GeneratorKind,
  Sequence,
  Step,
} from '../generator.ts'
import { hasEncoder } from './standalone-decoders.ts'

export interface PythonGenerator {
  readonly id: string
  readonly title: string
  readonly packages: PythonPackages
  readonly kinds: readonly GeneratorKind[]
  /** What it opens, in words. */
  readonly opens: string
  readonly otherWeights?: string
  readonly usesOrtKernels?: true
  /** What it calls each name of --dtype; absent: names are those of files, and recognition chose one. */
  readonly dtypes?: Readonly<Record<string, string>>
}

export const pythonGenerator = ({ id, title, packages, kinds, opens, dtypes, ...facts }: PythonGenerator): GeneratorEngine => ({
  ...facts,
  id,
  title,
  opens: (opened) => hasEncoder(opened) ?? (kinds.includes(opened.kind) || `it opens ${opens}`),
  async missing({ pythonPath }) {
    const found = await pythonAvailability(packages, pythonPath === null ? {} : { python: pythonPath })
    return found.ok ? null : `${found.reason}; ${found.fix}`
  },
  async open(source, { threads, dtype: named, pythonPath }) {
    const dtype = named === null || dtypes === undefined ? named : dtypes[named]
    if (dtype === undefined)
      throw new InputError(`--dtype ${named}: ${title} opens ${inWords([...new Set(Object.values(dtypes!))])}; give one of them`)
    const peer = startPeer('generator', source, pythonPath ?? undefined)
    try {
      const { header } = await peer.ask({ op: 'open', engine: packages.engine, source, threads, dtype })
      return generatorOf(id, peer, header as unknown as Facts)
    } catch (error) {
      peer.end()
      throw new InputError(
        `${source}: ${title} cannot open it (${firstLineOf(error)
          .replace(/^Contract: /, '')
          .slice(0, 200)}); see which files it needs`,
      )
    }
  },
})

const inWords = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

interface Facts {
  readonly vocabulary: number | null
  readonly context: number | null
  readonly endIds: readonly number[]
  readonly versions: Readonly<Record<string, string>>
}

interface Generated {
  readonly tokens: readonly { readonly id: number; readonly text?: string | null; readonly atMs: number }[]
  readonly promptTokens: number
  readonly ended: Generation['ended']
  readonly totalMs: number
  readonly parts: CallParts
}

function generatorOf(engine: string, peer: Peer, { vocabulary, context, endIds, versions }: Facts): Generator {
  return {
    engine,
    versions,
    vocabulary,
    context,
    endIds,
    encode: null,
    decode: null,
    /** Tokens are handed on once the call has ended: their times were taken in Python. */
    async generate(request, onToken): Promise<Generation> {
      const { header } = await peer.ask({ op: 'generate', ...request })
      const { tokens: told, promptTokens, ended, totalMs, parts } = header as unknown as Generated
      const tokens: GeneratedToken[] = told.map(({ id, text = null, atMs }) => ({ id, text, atMs }))
      for (const token of tokens) onToken?.(token)
      return { tokens, promptTokens, cachedTokens: 0, generatedTokens: tokens.length, ended, totalMs, parts }
    },
    start: (longest) => sequenceOf(peer, longestOf(context, longest)),
    takesTexts: true,
    async close() {
      await peer.ask({ op: 'close' }).catch(() => {})
      peer.end()
    },
  }
}

const NO_LOGITS = new Float32Array(0)

/** null: nobody says a limit. */
function longestOf(context: number | null, longest: number | undefined): number | null {
  if (context === null || longest === undefined) return longest ?? context
  return Math.min(context, longest)
}

/** `context`: the most tokens that it may hold; null: as many as the model takes. */
function sequenceOf(peer: Peer, context: number | null): Sequence {
  const opened = peer.ask({ op: 'start', longest: context }).then(({ header }) => header.sequence as number)
  // Whoever feeds it is told.
  opened.catch(() => {})
  let length = 0
  return {
    get length() {
      return length
    },
    async feed(ids, logits): Promise<Step> {
      if (context !== null && length + ids.length > context)
        throw new InputError(
          `the context holds ${context} tokens, and ${length + ids.length} would be needed; give a shorter prompt`,
        )
      const { header, buffers } = await peer.ask({ op: 'feed', sequence: await opened, ids, logits })
      length += ids.length
      const bytes = buffers[0] ?? Buffer.alloc(0)
      const values =
        bytes.length === 0 ? NO_LOGITS : new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
      return {
        logits: values,
        positions: header.positions as number,
        runMs: header.runMs as number,
        feedsMs: header.feedsMs as number,
      }
    },
    cut(to) {
      length = Math.min(length, to)
      // Requests are answered in order: the next one finds it done.
      opened.then((sequence) => peer.ask({ op: 'cut', sequence, length: to })).catch(() => {})
    },
    close() {
      opened.then((sequence) => peer.ask({ op: 'end', sequence })).catch(() => {})
    },
  }
}
