// Shows JSON Schemas, and makes an example of one. Text goes in as text: nothing here parses HTML.

/** An element with these attributes and children; strings become text. */
export function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
        else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
    }
    made.append(...children.filter(child => child !== undefined && child !== null && child !== ''));
    return made;
}

/** What a `$ref` points to in the document, and its name. */
export function resolve(document, schema) {
    let name;
    for (let hops = 0; schema && typeof schema === 'object' && schema.$ref && hops < 20; hops += 1) {
        const path = schema.$ref.replace(/^#\//, '').split('/');
        name = path.at(-1);
        schema = path.reduce((at, key) => at?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
    }
    return { schema: schema ?? true, name };
}

const alternatives = schema => schema.oneOf ?? schema.anyOf;

/** The type of a schema in a few words. */
export function typeOf(document, schema) {
    const { schema: found, name } = resolve(document, schema);
    if (typeof found !== 'object') return 'anything';
    if (found.const !== undefined) return JSON.stringify(found.const);
    if (found.enum) return name ?? found.enum.map(value => JSON.stringify(value)).join(' | ');
    if (name && found.type === 'object') return name;
    const either = alternatives(found);
    if (either) {
        if (name && either.length > 3) return name;
        return [...new Set(either.map(part => typeOf(document, part)))].join(' | ');
    }
    if (found.type === 'array') return `list of ${typeOf(document, found.items ?? true)}`;
    const type = [found.type ?? 'anything'].flat().join(' | ');
    const format = found.format && !/^u?int/.test(found.format) ? ` (${found.format})` : '';
    return type + format + range(found);
}

function range({ minimum, maximum, minLength, maxLength }) {
    const far = number => number === undefined || Math.abs(number) > 2 ** 31;
    if (minLength !== undefined || maxLength !== undefined) return `, ${minLength ?? 0} to ${maxLength ?? '…'} characters`;
    if (far(minimum) && far(maximum)) return '';
    return `, ${far(minimum) ? '…' : minimum} to ${far(maximum) ? '…' : maximum}`;
}

/** A table of an object's fields; what they hold opens when asked for. */
export function fields(document, schema, depth = 0) {
    const { schema: found } = resolve(document, schema);
    if (typeof found !== 'object') return undefined;
    if (found.type === 'array') return fields(document, found.items ?? true, depth);
    if (found.enum) return words(found.enum.map(value => ({ const: value })));
    const either = alternatives(found)?.filter(part => part.type !== 'null');
    if (either?.every(part => part.const !== undefined)) return words(either);
    if (either?.length === 1) return fields(document, either[0], depth);
    if (either) return element('ul', {}, ...either.map(part => element('li', {}, typeOf(document, part), nested(document, part, depth))));
    const parts = [found, ...(found.allOf ?? []).map(part => resolve(document, part).schema)];
    const properties = parts.flatMap(part => Object.entries(part.properties ?? {}));
    if (properties.length === 0) return undefined;
    const required = new Set(parts.flatMap(part => part.required ?? []));
    const row = ([name, property]) => element('tr', {},
        element('th', { scope: 'row' }, element('code', {}, name), required.has(name) ? '' : element('small', {}, ' optional')),
        element('td', {}, element('code', {}, typeOf(document, property))),
        element('td', {}, describe(document, property), nested(document, property, depth)));
    return element('table', {}, element('tbody', {}, ...properties.map(row)));
}

function words(values) {
    const word = ({ const: value, description }) => element('li', {}, element('code', {}, JSON.stringify(value)), description ? ` ${description}` : '');
    return element('ul', {}, ...values.map(word));
}

export function describe(document, schema) {
    return schema?.description ?? resolve(document, schema).schema?.description ?? '';
}

/** What is inside of a field, made when it is opened: schemas may contain themselves. */
function nested(document, schema, depth) {
    if (depth > 8 || !holds(document, schema)) return undefined;
    const details = element('details', {}, element('summary', {}, typeOf(document, schema)));
    details.addEventListener('toggle', () => {
        if (details.childElementCount === 1) details.append(fields(document, schema, depth + 1) ?? '');
    });
    return details;
}

function holds(document, schema) {
    const { schema: found } = resolve(document, schema);
    if (typeof found !== 'object') return false;
    if (found.type === 'array') return holds(document, found.items ?? true);
    return Boolean(found.properties || found.allOf || found.enum || alternatives(found)?.some(part => part.const !== undefined || holds(document, part)));
}

/** A value that fits: what is required, as simple as may be. */
export function example(document, schema, depth = 0) {
    const { schema: found } = resolve(document, schema);
    if (typeof found !== 'object' || depth > 6) return null;
    if (found.default !== undefined && depth > 0) return found.default;
    if (found.const !== undefined) return found.const;
    if (found.enum) return found.enum[0];
    const either = alternatives(found);
    if (either) return example(document, either.find(part => part.type !== 'null') ?? either[0], depth + 1);
    switch ([found.type].flat()[0]) {
        case 'object': {
            const required = new Set(found.required ?? []);
            const shown = Object.entries(found.properties ?? {}).filter(([name]) => required.has(name));
            return Object.fromEntries(shown.map(([name, property]) => [name, example(document, property, depth + 1)]));
        }
        case 'array': return [];
        case 'integer': case 'number': return Math.max(found.minimum ?? 1, 1);
        case 'boolean': return false;
        case 'string': return found.format === 'date-time' ? new Date().toISOString() : 'text';
        default: return null;
    }
}
