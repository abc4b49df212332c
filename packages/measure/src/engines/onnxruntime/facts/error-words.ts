// onnxruntime's errors name the node, the file and line of its own source, the function's whole signature and the condition that failed,
// and then say in words what is wrong. The words, and the node where wanted, are for people.

/** "Non-zero status code returned while running Reshape node. Name:'r' Status Message: /…:91 …" -> what follows in words. */
export function engineWords(message: string): string {
  return message
    .replace(/^.*Status Message: /s, '')
    .replace(/^\/\S+:\d+ .*?(?: was false\. |\[with [^\]]*\] )/s, '')
    .replace(/^\w+\.(?:h|cc):\d+ \w+ /, '')
}

/** The same after the node that it is about: "Reshape 'r': …". Other messages stay unchanged. */
export function engineWordsOnNode(message: string): string {
  const [, operator, name] = /while running (\S+) node\. Name:\s?'([^']*)'/.exec(message) ?? []
  const node = operator === undefined ? '' : `${operator}${name ? ` '${name}'` : ''}: `
  return `${node}${engineWords(message)}`
}

/** The message if a node would fall back to the CPU and must not (core/session/inference_session.cc). */
export const CPU_REFUSED = /fallback to CPU EP has been explicitly disabled/
