// Shows the OpenAPI document, from which requests can be tried, and the AsyncAPI document of the WebSocket.
import { signInByLink } from '/api/docs/sign-in.js';
import { describe, element, example, fields, resolve, typeOf } from '/api/docs/schema.js';

const $ = id => document.getElementById(id);
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

async function read(path) {
    const response = await fetch(path);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
}

/** One operation: what it takes and answers, and a form to try it. */
function operation(api, path, method, its) {
    const parameters = its.parameters ?? [];
    const body = its.requestBody?.content['application/json']?.schema;
    const details = element('details', { class: 'operation', id: its.operationId, 'data-find': `${method} ${path} ${its.summary}`.toLowerCase() },
        element('summary', {}, element('b', { class: `method ${method}` }, method.toUpperCase()), ' ', element('code', {}, path), ' ', element('span', {}, its.summary)));
    // Made when opened: the page is there at once, however many there are.
    details.addEventListener('toggle', () => {
        if (details.childElementCount > 1) return;
        details.append(...[
            its.description && element('p', {}, its.description),
            parameters.length > 0 && element('h4', {}, 'Parameters'),
            parameters.length > 0 && element('table', {}, element('tbody', {}, ...parameters.map(one => parameter(api, one)))),
            body && element('h4', {}, `Body: ${typeOf(api, body)}`),
            body && fields(api, body),
            ...answers(api, its),
            tryOut(api, path, method, parameters, body, its.security?.length === 0),
        ].filter(Boolean));
    });
    return details;
}

function parameter(api, { name, in: where, required, schema, description }) {
    return element('tr', {},
        element('th', { scope: 'row' }, element('code', {}, name), required ? '' : element('small', {}, ' optional')),
        element('td', {}, element('code', {}, typeOf(api, schema))),
        element('td', {}, `${description ?? describe(api, schema)} (${where})`));
}

function answers(api, its) {
    const refused = [];
    const shown = Object.entries(its.responses).flatMap(([status, response]) => {
        if (response.$ref?.endsWith('/Problem')) {
            refused.push(status);
            return [];
        }
        const [format, content] = Object.entries(resolve(api, response).schema.content ?? {})[0] ?? [];
        const type = content?.schema === undefined ? 'nothing' : typeOf(api, content.schema);
        return [element('h4', {}, `${status}: ${type}`, element('small', {}, format && format !== 'application/json' ? ` ${format}` : '')), fields(api, content?.schema ?? true)];
    });
    const problem = api.components.responses.Problem.content['application/problem+json'].schema;
    const known = refused.filter(status => status !== 'default').join(', ');
    const refusal = element('details', {}, element('summary', {}, `Refused: a problem (RFC 9457)${known ? ` with ${known}` : ''}`), fields(api, problem));
    return [...shown.filter(Boolean), refusal];
}

function tryOut(api, path, method, parameters, body, open) {
    const inputs = parameters.map(({ name, in: where, required }) => {
        const input = element('input', { name, required });
        return { name, where, input, label: element('label', {}, name, input) };
    });
    const text = body && element('textarea', { rows: 8, spellcheck: 'false', 'aria-label': 'Body' }, JSON.stringify(example(api, body), null, 2));
    const output = element('pre', { 'aria-live': 'polite' });
    const send = async event => {
        event.preventDefault();
        let target = path;
        const query = new URLSearchParams();
        for (const { name, where, input } of inputs) {
            if (where === 'path') target = target.replace(`{${name}}`, encodeURIComponent(input.value));
            else if (where === 'query' && input.value !== '') query.set(name, input.value);
        }
        const headers = new Headers(text ? { 'content-type': 'application/json' } : {});
        for (const { name, where, input } of inputs) if (where === 'header' && input.value !== '') headers.set(name, input.value);
        const token = $('token').value.trim();
        if (token && !open) headers.set('authorization', `Bearer ${token}`);
        output.textContent = '…';
        try {
            const response = await fetch(query.size > 0 ? `${target}?${query}` : target, { method: method.toUpperCase(), headers, body: text?.value });
            const said = await response.text();
            const told = [...response.headers].map(([key, value]) => `${key}: ${value}`).join('\n');
            output.textContent = `${response.status} ${response.statusText}\n${told}\n\n${pretty(said)}`;
        } catch (error) {
            output.textContent = String(error);
        }
    };
    return element('form', { onsubmit: send }, element('h4', {}, 'Try it'), ...inputs.map(({ label }) => label), text, element('button', {}, 'Send'), output);
}

function pretty(text) {
    try {
        return JSON.stringify(JSON.parse(text), null, 2);
    } catch {
        return text;
    }
}

function rest(api) {
    const groups = new Map();
    for (const [path, methods] of Object.entries(api.paths)) {
        for (const method of METHODS.filter(method => methods[method])) {
            const tag = methods[method].tags?.[0] ?? 'server';
            if (!groups.has(tag)) groups.set(tag, []);
            groups.get(tag).push(operation(api, path, method, methods[method]));
        }
    }
    const group = ([tag, operations]) => element('div', { class: 'group' }, element('h3', {}, tag), ...operations);
    return [element('h2', {}, `REST, version ${api.info.version}`), element('p', {}, api.info.description), ...[...groups].map(group)];
}

/** The messages of the socket by direction; each opens to its fields. */
function socket(api) {
    const direction = ({ summary, messages, reply }) => {
        const all = [...messages, ...(reply?.messages ?? [])];
        return element('div', { class: 'group' }, element('h3', {}, summary), ...all.map(one => message(api, one)));
    };
    return [element('h2', {}, `WebSocket, version ${api.info.version}`), element('p', {}, api.info.description), ...Object.values(api.operations).map(direction)];
}

function message(api, reference) {
    // A channel's message points to the component.
    const { schema: { name, summary, payload } } = resolve(api, resolve(api, reference).schema);
    const details = element('details', { class: 'message', 'data-find': `${name} ${summary ?? ''}`.toLowerCase() },
        element('summary', {}, element('code', {}, name), ' ', element('span', {}, summary ?? '')));
    details.addEventListener('toggle', () => {
        if (details.childElementCount === 1) details.append(fields(api, payload) ?? '');
    });
    return details;
}

/** Hides what does not have every word. */
function find() {
    const words = $('find').value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const one of document.querySelectorAll('[data-find]')) {
        one.hidden = !words.every(word => one.dataset.find.includes(word));
    }
    for (const group of document.querySelectorAll('.group')) {
        group.hidden = ![...group.children].some(one => one.matches('details') && !one.hidden);
    }
}

/** Opens what the address names. */
function open() {
    const named = location.hash.length > 1 && $(decodeURIComponent(location.hash.slice(1)));
    if (named instanceof HTMLDetailsElement) {
        named.open = true;
        named.scrollIntoView();
    }
}

try {
    const [openApi, asyncApi] = await Promise.all([read('/api/openapi.json'), read('/api/protocol/asyncapi.json')]);
    $('rest').append(...rest(openApi));
    $('socket').append(...socket(asyncApi));
    $('state').hidden = true;
    $('find').addEventListener('input', find);
    addEventListener('hashchange', open);
    addEventListener('hashchange', signInByLink);
    signInByLink();
    find();
    open();
} catch (error) {
    $('state').textContent = `The descriptions could not be read: ${error.message}. Load the page again.`;
    throw error;
}
