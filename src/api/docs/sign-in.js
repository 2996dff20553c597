// Signs in by the link that one came with: `#setup=…` of the first start, or `#invitation=…`. The token goes into
// the field that requests are tried with.
import { element } from '/api/docs/schema.js';

const $ = id => document.getElementById(id);

/** Shows what is needed to sign in by this link. */
export function signInByLink() {
    const [, kind, secret] = /^#(setup|invitation)=(.+)$/.exec(location.hash) ?? [];
    if (!secret) return;
    // The secret stays neither in the address nor in the history.
    history.replaceState(null, '', location.pathname);
    const field = (name, label) => element('label', {}, `${label} `, element('input', { name, required: '', maxlength: '80', autocomplete: 'off' }));
    const told = element('p', { role: 'status' });
    const form = element('form', { id: 'sign-in' },
        element('h2', {}, kind === 'setup' ? 'Become the administrator of this server' : 'Accept the invitation'),
        ...(kind === 'setup' ? [field('username', 'The name to sign in with'), field('name', 'The name shown')] : []),
        element('button', {}, 'Sign in'), told);
    form.addEventListener('submit', async event => {
        event.preventDefault();
        const asked = { secret, ...Object.fromEntries(new FormData(form)) };
        const response = await fetch('/api/sessions', {
            method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ [kind]: asked }),
        });
        const answer = await response.json();
        if (!response.ok) {
            told.textContent = answer.detail;
            return;
        }
        $('token').value = answer.token;
        form.replaceChildren(element('p', { role: 'status' }, 'Signed in: requests below are tried as you, for 15 minutes.'));
    });
    document.querySelector('main').prepend(form);
}
