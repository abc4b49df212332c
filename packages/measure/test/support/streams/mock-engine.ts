// A server that generates text on a known schedule: a prompt takes so long per token, each token after it so long, tokens go out in bundles. One prompt at a
// time, during which all streams wait if `stalls`; every stream gets a token in each step.

export interface MockSchedule {
  readonly prefillMsPerToken: number
  readonly tokenMs: number
  /** A token takes so much longer for each token before it, which its own clock leaves out; absent: no longer. */
  readonly contextMsPerToken?: number
  /** Tokens that go out together, and those of the first chunk; absent: as many. */
  readonly tokensPerChunk: number
  readonly firstChunkTokens?: number
  /** Whether the last message counts tokens. */
  readonly usage: boolean
  /** Prompts whose beginning came before are read from there on. */
  readonly prefixCache: boolean
  /** The model is loaded for each prompt, which takes so long; absent: it is there, and nothing is said of it. */
  readonly loadMs?: number
  /** The model is loaded again only after as long without a prompt, as ollama's is; absent: for each prompt. */
  readonly unloadsAfterMs?: number
  /** Tokens that are drafted for each that follows, the share of them that is right, and what checking one takes; absent: none are. */
  readonly drafts?: { readonly tokens: number; readonly right: number; readonly checkMs: number }
  /** Whether streams wait while another prompt is read; else it takes no time of theirs. */
  readonly stalls: boolean
}

export const PLAIN: MockSchedule = {
  prefillMsPerToken: 1,
  tokenMs: 2,
  tokensPerChunk: 1,
  usage: true,
  prefixCache: false,
  stalls: true,
}

export interface MockRequest {
  /** Its words are its tokens. */
  readonly prompt: string
  readonly newTokens: number
  /** Tokens after which the text ends by itself; null: it does not. */
  readonly endsAfter: number | null
  /** false: no tokens are drafted for it. */
  readonly drafts?: boolean
}

export interface MockChunk {
  readonly text: string
  readonly ids: readonly number[]
}

export interface MockCounts {
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly generatedTokens: number
  readonly prefillMs: number
  readonly decodeMs: number
  /** null: nothing is said of it. */
  readonly loadMs: number | null
  readonly drafted: { readonly tokens: number; readonly accepted: number } | null
}

export interface MockListener {
  chunk(chunk: MockChunk): void
  end(ended: 'length' | 'stop', counts: MockCounts): void
}

interface Running {
  readonly request: MockRequest
  readonly listener: MockListener
  readonly cached: number
  readonly ids: number[]
  sent: number
  loadMs: number
  drafted: number
  accepted: number
}

const wordsOf = (prompt: string): string[] => prompt.split(/\s+/).filter((word) => word !== '')

/** Text of a token: words of different lengths, the same in every answer. */
export const mockText = (id: number): string => ` ${'abcdefgh'.slice(0, 1 + ((id * 5) % 8))}`

/** What one step does takes `ms`, and happens when `finish` is called. */
export interface MockStep {
  readonly ms: number
  finish(): void
}

export class MockEngine {
  private readonly schedule: MockSchedule
  private readonly waiting: Running[] = []
  private running: Running[] = []
  private readonly seen: string[][] = []
  private readonly now: () => number
  /** When it was busy last. */
  private lastMs = Number.NEGATIVE_INFINITY

  constructor(schedule: MockSchedule, now: () => number = () => 0) {
    this.schedule = schedule
    this.now = now
  }

  submit(request: MockRequest, listener: MockListener): void {
    const words = wordsOf(request.prompt)
    // The last token is always read again: its logits are needed.
    const common = Math.max(0, ...this.seen.map((one) => commonPrefix(one, words)))
    const cached = this.schedule.prefixCache ? Math.min(common, words.length - 1) : 0
    this.seen.push(words)
    this.waiting.push({ request, listener, cached, ids: [], sent: 0, loadMs: 0, drafted: 0, accepted: 0 })
  }

  /** The client is gone. */
  drop(listener: MockListener): void {
    this.running = this.running.filter((one) => one.listener !== listener)
    const at = this.waiting.findIndex((one) => one.listener === listener)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  /** null: nothing is to be done. */
  next(): MockStep | null {
    const { prefillMsPerToken, tokenMs, contextMsPerToken = 0, loadMs = 0, unloadsAfterMs = -1, drafts, stalls } = this.schedule
    const one = this.waiting.shift()
    if (one !== undefined) {
      one.loadMs = this.now() - this.lastMs > unloadsAfterMs ? loadMs : 0
      const ms = one.loadMs + this.promptTokens(one) * prefillMsPerToken
      this.running.push(one)
      return { ms: stalls || this.running.length === 1 ? ms : 0, finish: () => this.step([one]) }
    }
    const all = this.running
    const context = Math.max(0, ...all.map(({ request, ids }) => wordsOf(request.prompt).length + ids.length))
    const isDrafted = drafts !== undefined && all.every(({ request }) => request.drafts !== false)
    const ms = tokenMs + context * contextMsPerToken + (isDrafted ? drafts.tokens * drafts.checkMs : 0)
    return all.length === 0 ? null : { ms, finish: () => (isDrafted ? this.round(all, drafts) : this.step(all)) }
  }

  /** Drafted tokens are checked, and those that are right come with the next one. */
  private round(all: readonly Running[], { tokens, right }: NonNullable<MockSchedule['drafts']>): void {
    for (const one of all) {
      one.drafted += tokens
      const due = Math.floor(one.drafted * right) - one.accepted
      const accepted = Math.max(0, Math.min(due, one.request.newTokens - one.ids.length - 1))
      one.accepted += accepted
      for (let k = 0; k <= accepted && this.running.includes(one); k++) this.step([one])
    }
  }

  private promptTokens({ request, cached }: Running): number {
    return wordsOf(request.prompt).length - cached
  }

  /** A token for each. */
  private step(all: readonly Running[]): void {
    this.lastMs = this.now()
    for (const one of all) {
      const { request, listener, ids } = one
      ids.push(ids.length + 1)
      const isLast = ids.length >= request.newTokens
      const isEnd = request.endsAfter !== null && ids.length > request.endsAfter
      const { tokensPerChunk, firstChunkTokens = tokensPerChunk } = this.schedule
      const bundle = one.sent === 0 ? firstChunkTokens : tokensPerChunk
      // The token that ends a text has none.
      if (isEnd) ids[ids.length - 1] = 0
      const shown = isEnd ? ids.length - 1 : ids.length
      if (shown > one.sent && (shown - one.sent >= bundle || isLast || isEnd)) {
        const out = ids.slice(one.sent, shown)
        one.sent = shown
        listener.chunk({ text: out.map(mockText).join(''), ids: out })
      }
      if (!isLast && !isEnd) continue
      this.running = this.running.filter((other) => other !== one)
      listener.end(isEnd ? 'stop' : 'length', this.countsOf(one))
    }
  }

  private countsOf(one: Running): MockCounts {
    const { prefillMsPerToken, tokenMs, loadMs, drafts } = this.schedule
    return {
      promptTokens: wordsOf(one.request.prompt).length,
      cachedTokens: one.cached,
      generatedTokens: one.ids.length,
      prefillMs: this.promptTokens(one) * prefillMsPerToken,
      decodeMs: (one.ids.length - 1) * tokenMs,
      loadMs: loadMs === undefined ? null : one.loadMs,
      drafted: drafts === undefined || one.drafted === 0 ? null : { tokens: one.drafted, accepted: one.accepted },
    }
  }
}

function commonPrefix(one: readonly string[], other: readonly string[]): number {
  let length = 0
  while (length < one.length && length < other.length && one[length] === other[length]) length++
  return length
}

/** Runs requests through an engine on a clock of its own, that jumps from one step to the next: no time passes. `run` is called at each arrival. */
export function playArrivals(
  engine: MockEngine,
  arrivals: readonly { readonly atMs: number; readonly start: (now: () => number) => void }[],
): void {
  let nowMs = 0
  let next = 0
  const now = () => nowMs
  const arrive = () => {
    for (; next < arrivals.length && arrivals[next]!.atMs <= nowMs; next++) arrivals[next]!.start(now)
  }
  for (;;) {
    arrive()
    const step = engine.next()
    if (step === null) {
      if (next >= arrivals.length) return
      nowMs = arrivals[next]!.atMs
      continue
    }
    const end = nowMs + step.ms
    // What arrives during the step waits for its end.
    for (; next < arrivals.length && arrivals[next]!.atMs < end; next++) {
      nowMs = arrivals[next]!.atMs
      arrivals[next]!.start(now)
    }
    nowMs = end
    step.finish()
  }
}
