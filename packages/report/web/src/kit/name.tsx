// Text from models, files and engines. It is a stranger's: it becomes text nodes alone, in an element that keeps its direction to itself,
// without characters that steer or turn, and no longer than a reader takes.
import { escapeSteering, MOST_SHOWN, shownName } from './shown-name.ts'

export { escapeSteering, nodeTitle, shownName } from './shown-name.ts'

const MOST_IN_TEXT = 4000

/** A name. */
export function Name({ text, most = MOST_SHOWN }: { text: string; most?: number }) {
  return (
    <bdi class="name" translate={false}>
      {shownName(text, most)}
    </bdi>
  )
}

/** A sentence that may hold names. */
export function Sentence({ text }: { text: string }) {
  return <bdi class="says">{escapeSteering(text.length > MOST_IN_TEXT ? `${text.slice(0, MOST_IN_TEXT)}…` : text)}</bdi>
}
