// Text of ids as they come, in time that grows with their number and not its square: what is new is the difference of two short pieces decoded,
// since a tokenizer may write a token differently after another one. The idea: text-generation-inference, `DecodeStream` of huggingface/tokenizers.

export interface TextStream {
  /** What is new of the text; nothing while the bytes of a character are incomplete. */
  push(id: number): string
  /** What was held back. */
  end(): string
}

const INCOMPLETE = '\uFFFD'
/** A character has at most four bytes: what is still unreadable after so many tokens is no beginning of one. */
const MOST_HELD = 8

export function textStream(decode: (ids: readonly number[]) => string): TextStream {
  /** Tokens shown last, and after them those that are held back. */
  let shown: number[] = []
  let shownText = ''
  let held: number[] = []

  const show = (text: string): string => {
    const fresh = text.slice(shownText.length)
    shown = held
    shownText = decode(shown)
    held = []
    return fresh
  }
  return {
    push(id) {
      held.push(id)
      const text = decode([...shown, ...held])
      if (text === shownText) {
        // No text yet: a special token, or a space that is only seen before another word. Many of them would be decoded again and again.
        if (held.length >= MOST_HELD) held = []
        return ''
      }
      const isOpen = text.endsWith(INCOMPLETE) && held.length < MOST_HELD
      return isOpen || text.length <= shownText.length ? '' : show(text)
    },
    end() {
      return held.length === 0 ? '' : show(decode([...shown, ...held]))
    },
  }
}
