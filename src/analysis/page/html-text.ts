const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for an attribute, or where a line may break anywhere. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => ENTITIES[character] as string)
}

/** What is read as one word: the method's name, `σ = 0.5`, `95 %`. */
const ONE_WORD = /FT-CADIS|[\p{L}\d]+ = -?\d+(?:\.\d+)?|\d+(?:\.\d+)? %/gu

/** Text of a page, escaped; no line of it breaks inside of a name or between a number and its unit. */
export function htmlText(text: string): string {
  return escapeHtml(text).replace(ONE_WORD, word => `<span class="word">${word}</span>`)
}

/** A frame that scrolls, also from the keyboard, where the page is too narrow; shadows say on which side there is more. */
export function scrollable(label: string, content: string): string {
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeHtml(label)}">\n${content}\n</div>`
}
