// Elements of the page. Text becomes text, never markup.

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** A choice among texts; `choose` gets the place of the chosen one. */
export function selection(label, texts, chosen, choose) {
  const options = texts.map((text, i) => element('option', { value: i }, shortText(text)))
  const select = element('select', {}, ...options)
  select.selectedIndex = chosen
  select.addEventListener('change', () => choose(select.selectedIndex))
  return element('label', { class: 'control' }, element('span', {}, label), select)
}

/** A switch. */
export function checkbox(label, choose) {
  const input = element('input', { type: 'checkbox' })
  input.addEventListener('change', () => choose(input.checked))
  return element('label', { class: 'control' }, input, ` ${label}`)
}

export function button(text, label, press) {
  const made = element('button', { type: 'button', 'aria-label': label, title: label }, text)
  made.addEventListener('click', press)
  return made
}

/** Puts the choices that have more than one option into a row above a chart. */
export function choices(...parts) {
  return element('div', { class: 'choices' }, ...parts.filter((part) => part !== null))
}

/** A choice, or null if there is nothing to choose. */
export function choiceIfSeveral(label, texts, chosen, choose) {
  return texts.length > 1 ? selection(label, texts, chosen, choose) : null
}

/** Very long names keep their beginning. */
export function shortText(text) {
  const characters = [...text]
  return characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : text
}
