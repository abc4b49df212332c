// The chat template of a model: Jinja, with what transformers adds to it (docs: huggingface.co/docs/transformers/chat_templating).

import { Template as Jinja } from '@huggingface/jinja'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { PromptFacts } from './folder-options.ts'
import type { Template } from './text-generator.ts'

/** null: the model has no template. Throws InputError if the template is not one. */
export function chatTemplate({ chatTemplate: text, specialTokens }: PromptFacts): Template | null {
  if (text === null) return null
  const template = parsed(text)
  // OpenAI's newer name of a system message, which few models know.
  const known = (role: string): string => (role === 'developer' && !text.includes(role) ? 'system' : role)
  return (messages, values = {}) => {
    const named = messages.map((message) => ({ ...message, role: known(message.role) }))
    try {
      return template.render({ ...specialTokens, add_generation_prompt: true, ...values, messages: named })
    } catch (error) {
      // Templates refuse roles and orders that the model was not trained on.
      throw new InputError(`the chat template refuses these messages: ${firstLineOf(error)}`)
    }
  }
}

function parsed(text: string): Jinja {
  try {
    return new Jinja(text)
  } catch (error) {
    throw new InputError(`the chat template of the model cannot be read: ${firstLineOf(error)}`)
  }
}
