/******/ (() => { // webpackBootstrap
/******/ 	"use strict";
/******/ 	var __webpack_modules__ = ({

/***/ 7170:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   X: () => (/* binding */ cleanText),
/* harmony export */   q: () => (/* binding */ verifyError)
/* harmony export */ });
/* harmony import */ var _deploy_actions_kit_action_errors__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(3988);

function verifyError(details) {
    return new _deploy_actions_kit_action_errors__WEBPACK_IMPORTED_MODULE_0__/* .DeployError */ .sH(details);
}
/** Text that a registry or an image chose, made safe for one line of a log: no control characters, at most 200 characters. */
function cleanText(text) {
    const clean = text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
    return clean.length > 200 ? `${clean.slice(0, 199)}…` : clean;
}


/***/ }),

/***/ 1499:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   ED: () => (/* binding */ asSize),
/* harmony export */   e1: () => (/* binding */ asText),
/* harmony export */   qF: () => (/* binding */ parseJson)
/* harmony export */ });
function asText(value) {
    return typeof value === 'string' ? value : undefined;
}
/** A size in bytes; undefined for anything that is none. */
function asSize(value) {
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}
/** The object in these bytes, or undefined when they are not one JSON object in UTF-8. */
function parseJson(bytes) {
    try {
        const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
        return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
    }
    catch {
        return undefined;
    }
}


/***/ }),

/***/ 5920:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   I: () => (/* binding */ reasonToRefuseSigner),
/* harmony export */   L: () => (/* binding */ identityPattern)
/* harmony export */ });
/**
 * An identity in which `*` stands for any characters, as a pattern for the whole of it: everything else is literal, and
 * nothing may stand before or behind (an unanchored `https://github.com/acme/` would take an attacker's longer one).
 */
function identityPattern(text) {
    return new RegExp(`^${text
        .split('*')
        .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
        .join('.*')}$`, 'u');
}
/** Why this signer is not the expected one, as the end of a sentence; undefined when it is. */
function reasonToRefuseSigner(found, expected) {
    if (found.issuer !== expected.issuer)
        return `its issuer is ${found.issuer || 'not named'}, not ${expected.issuer}`;
    if (!expected.identity.test(found.identity))
        return `it was made by ${found.identity || 'nobody named'}, not by ${expected.text}`;
    const { sourceRepository } = expected;
    if (sourceRepository === undefined || found.sourceRepository === sourceRepository)
        return undefined;
    return `it was made in ${found.sourceRepository ?? 'a repository that is not named'}, not in ${sourceRepository}`;
}


/***/ }),

/***/ 3988:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   YI: () => (/* binding */ describeThrown),
/* harmony export */   cr: () => (/* binding */ isDeployError),
/* harmony export */   j1: () => (/* binding */ ConfigurationError),
/* harmony export */   sH: () => (/* binding */ DeployError)
/* harmony export */ });
/* unused harmony export assertNever */
/** A failure whose meaning is known. Everything an action throws on purpose is one of these. */
class DeployError extends Error {
    code;
    hint;
    evidence;
    constructor(details) {
        super(details.message, details.cause === undefined ? {} : { cause: details.cause });
        this.name = 'DeployError';
        this.code = details.code;
        this.hint = details.hint;
        this.evidence = details.evidence ?? [];
    }
}
/** Whether something thrown has a known meaning; narrows without leaving `any` behind. */
function isDeployError(thrown) {
    return thrown instanceof DeployError;
}
/** The user's input is wrong. Thrown before anything is touched; names the input as the user typed it. */
class ConfigurationError extends DeployError {
    constructor(message, hint) {
        super({ code: 'INPUT_INVALID', message, ...(hint === undefined ? {} : { hint }) });
        this.name = 'ConfigurationError';
    }
}
/** For the end of a `switch` over a union: the compiler proves that no member is left. */
function assertNever(value) {
    throw new DeployError({
        code: 'BUG',
        message: `unexpected value ${JSON.stringify(value)}`,
        hint: 'Please report it.',
    });
}
/** The message of anything thrown, never its stack. */
function describeThrown(thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
}


/***/ }),

/***/ 5364:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   Hy: () => (/* binding */ algorithmOf),
/* harmony export */   VK: () => (/* binding */ shortDigest),
/* harmony export */   m: () => (/* binding */ parseDigest),
/* harmony export */   ol: () => (/* binding */ digestOf)
/* harmony export */ });
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0__ = __nccwpck_require__(7598);
/* harmony import */ var node_crypto__WEBPACK_IMPORTED_MODULE_0___default = /*#__PURE__*/__nccwpck_require__.n(node_crypto__WEBPACK_IMPORTED_MODULE_0__);

/** The algorithms Docker's reference grammar registers, with the length of their hex part. */
const hexLengths = { sha256: 64, sha384: 96, sha512: 128 };
function isAlgorithm(name) {
    return Object.hasOwn(hexLengths, name);
}
/** The digest in a text, or undefined when it is none; upper-case hex is none either, as in Docker. */
function parseDigest(text) {
    const [, algorithm = '', hex = ''] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(text) ?? [];
    return isAlgorithm(algorithm) && hex.length === hexLengths[algorithm] ? text : undefined;
}
/** `sha256`, `sha384` or `sha512`. */
function algorithmOf(digest) {
    const name = digest.slice(0, digest.indexOf(':'));
    return isAlgorithm(name) ? name : 'sha256';
}
/** The digest of these bytes, with sha256 unless another algorithm is asked for. */
function digestOf(bytes, algorithm = 'sha256') {
    return `${algorithm}:${(0,node_crypto__WEBPACK_IMPORTED_MODULE_0__.createHash)(algorithm).update(bytes).digest('hex')}`;
}
/** `sha256:1a2b3c4d5e6f`: for people, never for a decision. */
function shortDigest(digest) {
    return digest.slice(0, digest.indexOf(':') + 13);
}


/***/ }),

/***/ 3925:
/***/ ((__unused_webpack_module, __webpack_exports__, __nccwpck_require__) => {

/* harmony export */ __nccwpck_require__.d(__webpack_exports__, {
/* harmony export */   DD: () => (/* binding */ asList),
/* harmony export */   eB: () => (/* binding */ asObject)
/* harmony export */ });
/* unused harmony exports asText, textOf, asTexts */
/** The value as an object; an empty one for anything else, so that readers need no special case. */
function asObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
/** The value as a list; an empty one for anything else. */
function asList(value) {
    return Array.isArray(value) ? value : [];
}
/** A text that says something; undefined for the empty one too. */
function asText(value) {
    return typeof value === 'string' && value !== '' ? value : undefined;
}
/** A text, the empty one for anything else: as Docker's templates print what is not there. */
function textOf(value) {
    return asText(value) ?? '';
}
/** Names with text values; numbers and booleans as Docker prints them. */
function asTexts(value) {
    const isPlain = (entry) => ['string', 'number', 'boolean'].includes(typeof entry);
    return Object.fromEntries(Object.entries(asObject(value)).flatMap(([key, entry]) => (isPlain(entry) ? [[key, String(entry)]] : [])));
}


/***/ }),

/***/ 2613:
/***/ ((module) => {

module.exports = require("assert");

/***/ }),

/***/ 6982:
/***/ ((module) => {

module.exports = require("crypto");

/***/ }),

/***/ 4434:
/***/ ((module) => {

module.exports = require("events");

/***/ }),

/***/ 9896:
/***/ ((module) => {

module.exports = require("fs");

/***/ }),

/***/ 8611:
/***/ ((module) => {

module.exports = require("http");

/***/ }),

/***/ 5692:
/***/ ((module) => {

module.exports = require("https");

/***/ }),

/***/ 9278:
/***/ ((module) => {

module.exports = require("net");

/***/ }),

/***/ 4589:
/***/ ((module) => {

module.exports = require("node:assert");

/***/ }),

/***/ 6698:
/***/ ((module) => {

module.exports = require("node:async_hooks");

/***/ }),

/***/ 4573:
/***/ ((module) => {

module.exports = require("node:buffer");

/***/ }),

/***/ 1421:
/***/ ((module) => {

module.exports = require("node:child_process");

/***/ }),

/***/ 7540:
/***/ ((module) => {

module.exports = require("node:console");

/***/ }),

/***/ 7598:
/***/ ((module) => {

module.exports = require("node:crypto");

/***/ }),

/***/ 3053:
/***/ ((module) => {

module.exports = require("node:diagnostics_channel");

/***/ }),

/***/ 610:
/***/ ((module) => {

module.exports = require("node:dns");

/***/ }),

/***/ 8474:
/***/ ((module) => {

module.exports = require("node:events");

/***/ }),

/***/ 7067:
/***/ ((module) => {

module.exports = require("node:http");

/***/ }),

/***/ 2467:
/***/ ((module) => {

module.exports = require("node:http2");

/***/ }),

/***/ 4708:
/***/ ((module) => {

module.exports = require("node:https");

/***/ }),

/***/ 7030:
/***/ ((module) => {

module.exports = require("node:net");

/***/ }),

/***/ 643:
/***/ ((module) => {

module.exports = require("node:perf_hooks");

/***/ }),

/***/ 1792:
/***/ ((module) => {

module.exports = require("node:querystring");

/***/ }),

/***/ 7075:
/***/ ((module) => {

module.exports = require("node:stream");

/***/ }),

/***/ 1692:
/***/ ((module) => {

module.exports = require("node:tls");

/***/ }),

/***/ 3136:
/***/ ((module) => {

module.exports = require("node:url");

/***/ }),

/***/ 7975:
/***/ ((module) => {

module.exports = require("node:util");

/***/ }),

/***/ 3429:
/***/ ((module) => {

module.exports = require("node:util/types");

/***/ }),

/***/ 5919:
/***/ ((module) => {

module.exports = require("node:worker_threads");

/***/ }),

/***/ 8522:
/***/ ((module) => {

module.exports = require("node:zlib");

/***/ }),

/***/ 857:
/***/ ((module) => {

module.exports = require("os");

/***/ }),

/***/ 3193:
/***/ ((module) => {

module.exports = require("string_decoder");

/***/ }),

/***/ 4756:
/***/ ((module) => {

module.exports = require("tls");

/***/ }),

/***/ 9023:
/***/ ((module) => {

module.exports = require("util");

/***/ })

/******/ 	});
/************************************************************************/
/******/ 	// The module cache
/******/ 	var __webpack_module_cache__ = {};
/******/ 	
/******/ 	// The require function
/******/ 	function __nccwpck_require__(moduleId) {
/******/ 		// Check if module is in cache
/******/ 		var cachedModule = __webpack_module_cache__[moduleId];
/******/ 		if (cachedModule !== undefined) {
/******/ 			return cachedModule.exports;
/******/ 		}
/******/ 		// Create a new module (and put it into the cache)
/******/ 		var module = __webpack_module_cache__[moduleId] = {
/******/ 			// no module.id needed
/******/ 			// no module.loaded needed
/******/ 			exports: {}
/******/ 		};
/******/ 	
/******/ 		// Execute the module function
/******/ 		var threw = true;
/******/ 		try {
/******/ 			__webpack_modules__[moduleId].call(module.exports, module, module.exports, __nccwpck_require__);
/******/ 			threw = false;
/******/ 		} finally {
/******/ 			if(threw) delete __webpack_module_cache__[moduleId];
/******/ 		}
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
/******/ 	
/******/ 	// expose the modules object (__webpack_modules__)
/******/ 	__nccwpck_require__.m = __webpack_modules__;
/******/ 	
/************************************************************************/
/******/ 	/* webpack/runtime/asset-relocator-loader */
/******/ 	if (typeof __nccwpck_require__ !== 'undefined') __nccwpck_require__.ab = __dirname + "/";
/******/ 	
/******/ 	/* webpack/runtime/compat get default export */
/******/ 	(() => {
/******/ 		// getDefaultExport function for compatibility with non-harmony modules
/******/ 		__nccwpck_require__.n = (module) => {
/******/ 			var getter = module && module.__esModule ?
/******/ 				() => (module['default']) :
/******/ 				() => (module);
/******/ 			__nccwpck_require__.d(getter, { a: getter });
/******/ 			return getter;
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/create fake namespace object */
/******/ 	(() => {
/******/ 		var getProto = Object.getPrototypeOf ? (obj) => (Object.getPrototypeOf(obj)) : (obj) => (obj.__proto__);
/******/ 		var leafPrototypes;
/******/ 		// create a fake namespace object
/******/ 		// mode & 1: value is a module id, require it
/******/ 		// mode & 2: merge all properties of value into the ns
/******/ 		// mode & 4: return value when already ns object
/******/ 		// mode & 16: return value when it's Promise-like
/******/ 		// mode & 8|1: behave like require
/******/ 		__nccwpck_require__.t = function(value, mode) {
/******/ 			if(mode & 1) value = this(value);
/******/ 			if(mode & 8) return value;
/******/ 			if(typeof value === 'object' && value) {
/******/ 				if((mode & 4) && value.__esModule) return value;
/******/ 				if((mode & 16) && typeof value.then === 'function') return value;
/******/ 			}
/******/ 			var ns = Object.create(null);
/******/ 			__nccwpck_require__.r(ns);
/******/ 			var def = {};
/******/ 			leafPrototypes = leafPrototypes || [null, getProto({}), getProto([]), getProto(getProto)];
/******/ 			for(var current = mode & 2 && value; typeof current == 'object' && !~leafPrototypes.indexOf(current); current = getProto(current)) {
/******/ 				Object.getOwnPropertyNames(current).forEach((key) => (def[key] = () => (value[key])));
/******/ 			}
/******/ 			def['default'] = () => (value);
/******/ 			__nccwpck_require__.d(ns, def);
/******/ 			return ns;
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/define property getters */
/******/ 	(() => {
/******/ 		// define getter functions for harmony exports
/******/ 		__nccwpck_require__.d = (exports, definition) => {
/******/ 			for(var key in definition) {
/******/ 				if(__nccwpck_require__.o(definition, key) && !__nccwpck_require__.o(exports, key)) {
/******/ 					Object.defineProperty(exports, key, { enumerable: true, get: definition[key] });
/******/ 				}
/******/ 			}
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/ensure chunk */
/******/ 	(() => {
/******/ 		__nccwpck_require__.f = {};
/******/ 		// This file contains only the entry chunk.
/******/ 		// The chunk loading function for additional chunks
/******/ 		__nccwpck_require__.e = (chunkId) => {
/******/ 			return Promise.all(Object.keys(__nccwpck_require__.f).reduce((promises, key) => {
/******/ 				__nccwpck_require__.f[key](chunkId, promises);
/******/ 				return promises;
/******/ 			}, []));
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/get javascript chunk filename */
/******/ 	(() => {
/******/ 		// This function allow to reference async chunks
/******/ 		__nccwpck_require__.u = (chunkId) => {
/******/ 			// return url for filenames based on template
/******/ 			return "" + chunkId + ".index.js";
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	(() => {
/******/ 		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/make namespace object */
/******/ 	(() => {
/******/ 		// define __esModule on exports
/******/ 		__nccwpck_require__.r = (exports) => {
/******/ 			if(typeof Symbol !== 'undefined' && Symbol.toStringTag) {
/******/ 				Object.defineProperty(exports, Symbol.toStringTag, { value: 'Module' });
/******/ 			}
/******/ 			Object.defineProperty(exports, '__esModule', { value: true });
/******/ 		};
/******/ 	})();
/******/ 	
/******/ 	/* webpack/runtime/require chunk loading */
/******/ 	(() => {
/******/ 		// no baseURI
/******/ 		
/******/ 		// object to store loaded chunks
/******/ 		// "1" means "loaded", otherwise not loaded yet
/******/ 		var installedChunks = {
/******/ 			792: 1
/******/ 		};
/******/ 		
/******/ 		// no on chunks loaded
/******/ 		
/******/ 		var installChunk = (chunk) => {
/******/ 			var moreModules = chunk.modules, chunkIds = chunk.ids, runtime = chunk.runtime;
/******/ 			for(var moduleId in moreModules) {
/******/ 				if(__nccwpck_require__.o(moreModules, moduleId)) {
/******/ 					__nccwpck_require__.m[moduleId] = moreModules[moduleId];
/******/ 				}
/******/ 			}
/******/ 			if(runtime) runtime(__nccwpck_require__);
/******/ 			for(var i = 0; i < chunkIds.length; i++)
/******/ 				installedChunks[chunkIds[i]] = 1;
/******/ 		
/******/ 		};
/******/ 		
/******/ 		// require() chunk loading for javascript
/******/ 		__nccwpck_require__.f.require = (chunkId, promises) => {
/******/ 			// "1" is the signal for "already loaded"
/******/ 			if(!installedChunks[chunkId]) {
/******/ 				if(true) { // all chunks have JS
/******/ 					installChunk(require("./" + __nccwpck_require__.u(chunkId)));
/******/ 				} else installedChunks[chunkId] = 1;
/******/ 			}
/******/ 		};
/******/ 		
/******/ 		// no external install chunk
/******/ 		
/******/ 		// no HMR
/******/ 		
/******/ 		// no HMR manifest
/******/ 	})();
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};

// EXTERNAL MODULE: ../kit/src/action/errors.ts
var errors = __nccwpck_require__(3988);
;// CONCATENATED MODULE: external "node:fs"
const external_node_fs_namespaceObject = require("node:fs");
;// CONCATENATED MODULE: external "node:os"
const external_node_os_namespaceObject = require("node:os");
// EXTERNAL MODULE: external "os"
var external_os_ = __nccwpck_require__(857);
;// CONCATENATED MODULE: ../node_modules/@actions/core/lib/utils.js
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */
/**
 * Sanitizes an input into a string so it can be passed into issueCommand safely
 * @param input input to sanitize into a string
 */
function utils_toCommandValue(input) {
    if (input === null || input === undefined) {
        return '';
    }
    else if (typeof input === 'string' || input instanceof String) {
        return input;
    }
    return JSON.stringify(input);
}
/**
 *
 * @param annotationProperties
 * @returns The command properties to send with the actual annotation command
 * See IssueCommandProperties: https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs#L646
 */
function toCommandProperties(annotationProperties) {
    if (!Object.keys(annotationProperties).length) {
        return {};
    }
    return {
        title: annotationProperties.title,
        file: annotationProperties.file,
        line: annotationProperties.startLine,
        endLine: annotationProperties.endLine,
        col: annotationProperties.startColumn,
        endColumn: annotationProperties.endColumn
    };
}
//# sourceMappingURL=utils.js.map
;// CONCATENATED MODULE: ../node_modules/@actions/core/lib/command.js


/**
 * Issues a command to the GitHub Actions runner
 *
 * @param command - The command name to issue
 * @param properties - Additional properties for the command (key-value pairs)
 * @param message - The message to include with the command
 * @remarks
 * This function outputs a specially formatted string to stdout that the Actions
 * runner interprets as a command. These commands can control workflow behavior,
 * set outputs, create annotations, mask values, and more.
 *
 * Command Format:
 *   ::name key=value,key=value::message
 *
 * @example
 * ```typescript
 * // Issue a warning annotation
 * issueCommand('warning', {}, 'This is a warning message');
 * // Output: ::warning::This is a warning message
 *
 * // Set an environment variable
 * issueCommand('set-env', { name: 'MY_VAR' }, 'some value');
 * // Output: ::set-env name=MY_VAR::some value
 *
 * // Add a secret mask
 * issueCommand('add-mask', {}, 'secretValue123');
 * // Output: ::add-mask::secretValue123
 * ```
 *
 * @internal
 * This is an internal utility function that powers the public API functions
 * such as setSecret, warning, error, and exportVariable.
 */
function command_issueCommand(command, properties, message) {
    const cmd = new Command(command, properties, message);
    process.stdout.write(cmd.toString() + external_os_.EOL);
}
function command_issue(name, message = '') {
    command_issueCommand(name, {}, message);
}
const CMD_STRING = '::';
class Command {
    constructor(command, properties, message) {
        if (!command) {
            command = 'missing.command';
        }
        this.command = command;
        this.properties = properties;
        this.message = message;
    }
    toString() {
        let cmdStr = CMD_STRING + this.command;
        if (this.properties && Object.keys(this.properties).length > 0) {
            cmdStr += ' ';
            let first = true;
            for (const key in this.properties) {
                if (this.properties.hasOwnProperty(key)) {
                    const val = this.properties[key];
                    if (val) {
                        if (first) {
                            first = false;
                        }
                        else {
                            cmdStr += ',';
                        }
                        cmdStr += `${key}=${escapeProperty(val)}`;
                    }
                }
            }
        }
        cmdStr += `${CMD_STRING}${escapeData(this.message)}`;
        return cmdStr;
    }
}
function escapeData(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A');
}
function escapeProperty(s) {
    return utils_toCommandValue(s)
        .replace(/%/g, '%25')
        .replace(/\r/g, '%0D')
        .replace(/\n/g, '%0A')
        .replace(/:/g, '%3A')
        .replace(/,/g, '%2C');
}
//# sourceMappingURL=command.js.map
// EXTERNAL MODULE: external "crypto"
var external_crypto_ = __nccwpck_require__(6982);
// EXTERNAL MODULE: external "fs"
var external_fs_ = __nccwpck_require__(9896);
;// CONCATENATED MODULE: ../node_modules/@actions/core/lib/file-command.js
// For internal use, subject to change.
// We use any as a valid input type
/* eslint-disable @typescript-eslint/no-explicit-any */




function file_command_issueFileCommand(command, message) {
    const filePath = process.env[`GITHUB_${command}`];
    if (!filePath) {
        throw new Error(`Unable to find environment variable for file command ${command}`);
    }
    if (!external_fs_.existsSync(filePath)) {
        throw new Error(`Missing file at path: ${filePath}`);
    }
    external_fs_.appendFileSync(filePath, `${utils_toCommandValue(message)}${external_os_.EOL}`, {
        encoding: 'utf8'
    });
}
function file_command_prepareKeyValueMessage(key, value) {
    const delimiter = `ghadelimiter_${external_crypto_.randomUUID()}`;
    const convertedValue = utils_toCommandValue(value);
    // These should realistically never happen, but just in case someone finds a
    // way to exploit uuid generation let's not allow keys or values that contain
    // the delimiter.
    if (key.includes(delimiter)) {
        throw new Error(`Unexpected input: name should not contain the delimiter "${delimiter}"`);
    }
    if (convertedValue.includes(delimiter)) {
        throw new Error(`Unexpected input: value should not contain the delimiter "${delimiter}"`);
    }
    return `${key}<<${delimiter}${external_os_.EOL}${convertedValue}${external_os_.EOL}${delimiter}`;
}
//# sourceMappingURL=file-command.js.map
;// CONCATENATED MODULE: external "path"
const external_path_namespaceObject = require("path");
;// CONCATENATED MODULE: ../node_modules/@actions/core/lib/core.js
var __awaiter = (undefined && undefined.__awaiter) || function (thisArg, _arguments, P, generator) {
    function adopt(value) { return value instanceof P ? value : new P(function (resolve) { resolve(value); }); }
    return new (P || (P = Promise))(function (resolve, reject) {
        function fulfilled(value) { try { step(generator.next(value)); } catch (e) { reject(e); } }
        function rejected(value) { try { step(generator["throw"](value)); } catch (e) { reject(e); } }
        function step(result) { result.done ? resolve(result.value) : adopt(result.value).then(fulfilled, rejected); }
        step((generator = generator.apply(thisArg, _arguments || [])).next());
    });
};






/**
 * The code to exit an action
 */
var ExitCode;
(function (ExitCode) {
    /**
     * A code indicating that the action was successful
     */
    ExitCode[ExitCode["Success"] = 0] = "Success";
    /**
     * A code indicating that the action was a failure
     */
    ExitCode[ExitCode["Failure"] = 1] = "Failure";
})(ExitCode || (ExitCode = {}));
//-----------------------------------------------------------------------
// Variables
//-----------------------------------------------------------------------
/**
 * Sets env variable for this action and future actions in the job
 * @param name the name of the variable to set
 * @param val the value of the variable. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function exportVariable(name, val) {
    const convertedVal = toCommandValue(val);
    process.env[name] = convertedVal;
    const filePath = process.env['GITHUB_ENV'] || '';
    if (filePath) {
        return issueFileCommand('ENV', prepareKeyValueMessage(name, val));
    }
    issueCommand('set-env', { name }, convertedVal);
}
/**
 * Registers a secret which will get masked from logs
 *
 * @param secret - Value of the secret to be masked
 * @remarks
 * This function instructs the Actions runner to mask the specified value in any
 * logs produced during the workflow run. Once registered, the secret value will
 * be replaced with asterisks (***) whenever it appears in console output, logs,
 * or error messages.
 *
 * This is useful for protecting sensitive information such as:
 * - API keys
 * - Access tokens
 * - Authentication credentials
 * - URL parameters containing signatures (SAS tokens)
 *
 * Note that masking only affects future logs; any previous appearances of the
 * secret in logs before calling this function will remain unmasked.
 *
 * @example
 * ```typescript
 * // Register an API token as a secret
 * const apiToken = "abc123xyz456";
 * setSecret(apiToken);
 *
 * // Now any logs containing this value will show *** instead
 * console.log(`Using token: ${apiToken}`); // Outputs: "Using token: ***"
 * ```
 */
function setSecret(secret) {
    command_issueCommand('add-mask', {}, secret);
}
/**
 * Prepends inputPath to the PATH (for this action and future actions)
 * @param inputPath
 */
function addPath(inputPath) {
    const filePath = process.env['GITHUB_PATH'] || '';
    if (filePath) {
        issueFileCommand('PATH', inputPath);
    }
    else {
        issueCommand('add-path', {}, inputPath);
    }
    process.env['PATH'] = `${inputPath}${path.delimiter}${process.env['PATH']}`;
}
/**
 * Gets the value of an input.
 * Unless trimWhitespace is set to false in InputOptions, the value is also trimmed.
 * Returns an empty string if the value is not defined.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string
 */
function getInput(name, options) {
    const val = process.env[`INPUT_${name.replace(/ /g, '_').toUpperCase()}`] || '';
    if (options && options.required && !val) {
        throw new Error(`Input required and not supplied: ${name}`);
    }
    if (options && options.trimWhitespace === false) {
        return val;
    }
    return val.trim();
}
/**
 * Gets the values of an multiline input.  Each value is also trimmed.
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   string[]
 *
 */
function getMultilineInput(name, options) {
    const inputs = getInput(name, options)
        .split('\n')
        .filter(x => x !== '');
    if (options && options.trimWhitespace === false) {
        return inputs;
    }
    return inputs.map(input => input.trim());
}
/**
 * Gets the input value of the boolean type in the YAML 1.2 "core schema" specification.
 * Support boolean input list: `true | True | TRUE | false | False | FALSE` .
 * The return value is also in boolean type.
 * ref: https://yaml.org/spec/1.2/spec.html#id2804923
 *
 * @param     name     name of the input to get
 * @param     options  optional. See InputOptions.
 * @returns   boolean
 */
function getBooleanInput(name, options) {
    const trueValue = ['true', 'True', 'TRUE'];
    const falseValue = ['false', 'False', 'FALSE'];
    const val = getInput(name, options);
    if (trueValue.includes(val))
        return true;
    if (falseValue.includes(val))
        return false;
    throw new TypeError(`Input does not meet YAML 1.2 "Core Schema" specification: ${name}\n` +
        `Support boolean input list: \`true | True | TRUE | false | False | FALSE\``);
}
/**
 * Sets the value of an output.
 *
 * @param     name     name of the output to set
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function setOutput(name, value) {
    const filePath = process.env['GITHUB_OUTPUT'] || '';
    if (filePath) {
        return file_command_issueFileCommand('OUTPUT', file_command_prepareKeyValueMessage(name, value));
    }
    process.stdout.write(external_os_.EOL);
    command_issueCommand('set-output', { name }, utils_toCommandValue(value));
}
/**
 * Enables or disables the echoing of commands into stdout for the rest of the step.
 * Echoing is disabled by default if ACTIONS_STEP_DEBUG is not set.
 *
 */
function setCommandEcho(enabled) {
    issue('echo', enabled ? 'on' : 'off');
}
//-----------------------------------------------------------------------
// Results
//-----------------------------------------------------------------------
/**
 * Sets the action status to failed.
 * When the action exits it will be with an exit code of 1
 * @param message add error issue message
 */
function setFailed(message) {
    process.exitCode = ExitCode.Failure;
    error(message);
}
//-----------------------------------------------------------------------
// Logging Commands
//-----------------------------------------------------------------------
/**
 * Gets whether Actions Step Debug is on or not
 */
function isDebug() {
    return process.env['RUNNER_DEBUG'] === '1';
}
/**
 * Writes debug message to user log
 * @param message debug message
 */
function debug(message) {
    command_issueCommand('debug', {}, message);
}
/**
 * Adds an error issue
 * @param message error issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function error(message, properties = {}) {
    command_issueCommand('error', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a warning issue
 * @param message warning issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function warning(message, properties = {}) {
    command_issueCommand('warning', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Adds a notice issue
 * @param message notice issue message. Errors will be converted to string via toString()
 * @param properties optional properties to add to the annotation.
 */
function notice(message, properties = {}) {
    command_issueCommand('notice', toCommandProperties(properties), message instanceof Error ? message.toString() : message);
}
/**
 * Writes info to log with console.log.
 * @param message info message
 */
function info(message) {
    process.stdout.write(message + external_os_.EOL);
}
/**
 * Begin an output group.
 *
 * Output until the next `groupEnd` will be foldable in this group
 *
 * @param name The name of the output group
 */
function startGroup(name) {
    command_issue('group', name);
}
/**
 * End an output group.
 */
function endGroup() {
    command_issue('endgroup');
}
/**
 * Wrap an asynchronous function call in a group.
 *
 * Returns the same type as the function itself.
 *
 * @param name The name of the group
 * @param fn The function to wrap in the group
 */
function group(name, fn) {
    return __awaiter(this, void 0, void 0, function* () {
        startGroup(name);
        let result;
        try {
            result = yield fn();
        }
        finally {
            endGroup();
        }
        return result;
    });
}
//-----------------------------------------------------------------------
// Wrapper action state
//-----------------------------------------------------------------------
/**
 * Saves state for current action, the state can only be retrieved by this action's post job execution.
 *
 * @param     name     name of the state to store
 * @param     value    value to store. Non-string values will be converted to a string via JSON.stringify
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
function saveState(name, value) {
    const filePath = process.env['GITHUB_STATE'] || '';
    if (filePath) {
        return file_command_issueFileCommand('STATE', file_command_prepareKeyValueMessage(name, value));
    }
    command_issueCommand('save-state', { name }, utils_toCommandValue(value));
}
/**
 * Gets the value of an state set by this action's main execution.
 *
 * @param     name     name of the state to get
 * @returns   string
 */
function getState(name) {
    return process.env[`STATE_${name}`] || '';
}
function getIDToken(aud) {
    return __awaiter(this, void 0, void 0, function* () {
        return yield OidcClient.getIDToken(aud);
    });
}
/**
 * Summary exports
 */

/**
 * @deprecated use core.summary
 */

/**
 * Path exports
 */

/**
 * Platform utilities exports
 */

//# sourceMappingURL=core.js.map
;// CONCATENATED MODULE: ../kit/src/action/log-text.ts
/**
 * A text for the log in which nothing is a command to the runner, whoever wrote it: what a container or a server printed would
 * else set outputs and the state of the post step, hide words, or end the masking of secrets. The runner ends a line at `\r`
 * too, and takes `::name …::` after blanks at its beginning and `##[name …]` anywhere in it (actions/runner
 * src/Runner.Common/ActionCommand.cs). Its comparison may skip characters that nobody sees, so those count as blanks here. Pure.
 */
function disarmCommands(text) {
    return text
        .replaceAll('##[', '## [')
        .split(/(\r\n|[\r\n\u0085\u2028\u2029])/)
        .map((line) => line.replace(/^([^\p{L}\p{N}\p{P}\p{S}]*)::/u, '$1: :'))
        .join('');
}

;// CONCATENATED MODULE: ../kit/src/action/runner.ts





/** The real runner, through @actions/core. */
function githubRunner() {
    return {
        input: (name) => getInput(name, { trimWhitespace: false }),
        env: (name) => process.env[name] || undefined,
        output: (name, value) => {
            setOutput(name, value);
        },
        saveState: (name, value) => {
            saveState(name, value);
        },
        state: (name) => getState(name),
        mask: (line) => {
            setSecret(line);
        },
        info: (line) => {
            // All others are commands themselves, in which @actions/core escapes what is foreign.
            info(disarmCommands(line));
        },
        debug: (line) => {
            debug(line);
        },
        notice: (line) => {
            notice(line);
        },
        warning: (line) => {
            warning(line);
        },
        error: (line) => {
            error(line);
        },
        annotate: (level, message, { title, file, line }) => {
            // By its name: what a bundle keeps of @actions/core follows from the names that are used.
            const write = level === 'error' ? error : warning;
            write(message, { title, file, startLine: line });
        },
        group: (title, body) => group(title, body),
        summary: (markdown) => {
            // A local rehearsal has no summary file. Not core.summary: it loads node:fs/promises, which most steps do without.
            const path = process.env['GITHUB_STEP_SUMMARY'] ?? '';
            if (path === '')
                return Promise.resolve();
            try {
                (0,external_node_fs_namespaceObject.appendFileSync)(path, `${markdown}${external_node_os_namespaceObject.EOL}`);
            }
            catch (thrown) {
                // What was done is done: a page that cannot be written does not make it undone.
                warning(`The job summary could not be written: ${(0,errors/* describeThrown */.YI)(thrown)}`);
            }
            return Promise.resolve();
        },
        fail: (message) => {
            setFailed(message);
        },
    };
}

;// CONCATENATED MODULE: ../kit/src/action/run.ts


/**
 * Runs one step: errors become one annotation with message and hint, output `error-code` and exit code 1.
 * Nothing escapes: a rejection that nobody awaited fails the step too.
 */
async function runStep(main) {
    const runner = githubRunner();
    const abort = new AbortController();
    const cancel = (name) => {
        abort.abort(new errors/* DeployError */.sH({ code: 'CANCELLED', message: `the step was cancelled (${name}).` }));
    };
    process.on('SIGINT', cancel);
    process.on('SIGTERM', cancel);
    process.on('unhandledRejection', (reason) => {
        reportFailure(runner, reason);
        void leave(1);
    });
    try {
        await main({ runner, signal: abort.signal });
    }
    catch (thrown) {
        reportFailure(runner, thrown);
    }
    await leave(process.exitCode ?? 0);
}
/** A runner that has stopped reading must not keep a finished step alive. */
const longestFlushMs = 10_000;
/**
 * Ends the process, because open sockets of a dead connection must not keep a finished step alive; but not before the log is
 * out: a pipe takes 64 kB, and what waits behind them would be lost with the process.
 */
async function leave(code) {
    const streams = [process.stdout, process.stderr];
    const flushed = streams.map((stream) => new Promise((resolve) => stream.write('', () => resolve())));
    const late = new Promise((resolve) => setTimeout(resolve, longestFlushMs).unref());
    await Promise.race([Promise.all(flushed), late]);
    process.exit(code);
}
/**
 * The entry of an action with a post step: one bundle serves both, told apart by a state that main leaves behind.
 * action.yml: `main` and `post` name the same dist/index.js, `post-if: always()`.
 */
async function runMainOrPost(main, post) {
    await runStep(async (context) => {
        if (context.runner.state('is-post') === 'true')
            return post(context);
        context.runner.saveState('is-post', 'true');
        return main(context);
    });
}
/** Prints a failure for the person on call and sets `error-code`. Exported for steps that fail after their own report. */
function reportFailure(runner, thrown) {
    const known = (0,errors/* isDeployError */.cr)(thrown);
    runner.output('error-code', known ? thrown.code : 'BUG');
    if (known)
        for (const line of thrown.evidence)
            runner.info(`  ${line}`);
    if (!known && thrown instanceof Error && thrown.stack !== undefined)
        runner.info(thrown.stack);
    const message = known ? thrown.message : `unexpected error: ${(0,errors/* describeThrown */.YI)(thrown)}`;
    const hint = known ? thrown.hint : 'This is a defect of the action; please report it with the log above.';
    runner.fail(hint === undefined ? message : `${message} ${hint}`);
}

// EXTERNAL MODULE: ../kit/src/image/digest.ts
var image_digest = __nccwpck_require__(5364);
;// CONCATENATED MODULE: ../kit/src/image/image-ref.ts



const defaultRegistry = 'docker.io';
const longestRepository = 255;
// The grammar of github.com/distribution/reference (regexp.go), which Docker, Compose and containerd share.
const domainPart = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const hostPattern = new RegExp(`^(?:${domainPart}(?:\\.${domainPart})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);
const pathPart = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const repositoryPattern = new RegExp(`^${pathPart}(?:/${pathPart})*$`);
const tagPattern = /^\w[\w.-]{0,127}$/;
/**
 * Reads an image reference exactly as Docker does: default registry and `library/`, localhost, ports, IPv6 hosts,
 * tag and digest together.
 * @param subject what the text belongs to, for the message: ``input `images`, line 2``
 * @throws ConfigurationError quoting the text
 */
function parseImageRef(text, subject) {
    const refuse = (reason, hint) => {
        throw new errors/* ConfigurationError */.j1(`${subject}: ${JSON.stringify(text)} is not an image reference: ${reason}.`, hint);
    };
    if (text === '')
        refuse('it is empty');
    if (/\s/.test(text))
        refuse('it holds white space');
    if (/^[a-z]+:\/\//i.test(text))
        refuse('it starts with a URL scheme', 'Write the host without https://.');
    if (/^[0-9a-f]{64}$/.test(text))
        refuse('64 hex digits are an image id, not a name', 'Write repository@sha256:<64 hex>.');
    const [beforeDigest = '', digestText, ...moreDigests] = text.split('@');
    if (moreDigests.length > 0)
        refuse('it holds more than one @');
    const digest = digestText === undefined ? undefined : (0,image_digest/* parseDigest */.m)(digestText);
    if (digestText !== undefined && digest === undefined) {
        refuse(`${JSON.stringify(digestText)} is not a digest`, 'A digest is sha256: and 64 lower-case hex digits.');
    }
    const { registry, rest } = splitRegistry(beforeDigest);
    const [path, tag] = splitTag(rest);
    if (tag !== undefined && !tagPattern.test(tag)) {
        refuse(`${JSON.stringify(tag)} is not a tag`, 'A tag has 1 to 128 letters, digits, _, . or -, and no . or - in front.');
    }
    if (!hostPattern.test(registry))
        refuse(`${JSON.stringify(registry)} is not a registry host`);
    const repository = registry === defaultRegistry && !path.includes('/') ? `library/${path}` : path;
    if (path !== path.toLowerCase())
        refuse('a repository name is lower case', `Write ${path.toLowerCase()}.`);
    if (!repositoryPattern.test(repository))
        refuse(`${JSON.stringify(path)} is not a repository name`);
    if (repository.length > longestRepository)
        refuse(`the repository name is longer than ${longestRepository} characters`);
    return {
        registry,
        repository,
        ...(tag === undefined ? {} : { tag }),
        ...(digest === undefined ? {} : { digest }),
        text,
    };
}
/** Docker takes the first path part for a host only if it looks like one: a dot, a port, upper case or `localhost`. */
function splitRegistry(name) {
    const slash = name.indexOf('/');
    const first = slash === -1 ? '' : name.slice(0, slash);
    const isHost = first !== '' && (first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase());
    if (!isHost)
        return { registry: defaultRegistry, rest: name };
    const registry = first === 'index.docker.io' ? defaultRegistry : first;
    return { registry, rest: name.slice(slash + 1) };
}
function splitTag(rest) {
    const colon = rest.indexOf(':', rest.lastIndexOf('/') + 1);
    return colon === -1 ? [rest, undefined] : [rest.slice(0, colon), rest.slice(colon + 1)];
}
/** `registry/repository`, always with the registry: what a digest is appended to. */
function imageName(ref) {
    return `${ref.registry}/${ref.repository}`;
}
/** The whole normalised reference; `docker pull` accepts it as it is. */
function formatImageRef(ref) {
    const tag = ref.tag === undefined ? '' : `:${ref.tag}`;
    const digest = ref.digest === undefined ? '' : `@${ref.digest}`;
    return `${imageName(ref)}${tag}${digest}`;
}
function image_ref_isPinned(ref) {
    return ref.digest !== undefined;
}
/** The same image by digest alone: `registry/repository@sha256:…`; a tag beside a digest says nothing more. */
function pinImage(ref, digest) {
    const { registry, repository } = ref;
    return { registry, repository, digest, text: `${registry}/${repository}@${digest}` };
}

;// CONCATENATED MODULE: ../kit/src/time/duration.ts

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 30 * unitMs.d;
/** A duration made in code. */
function milliseconds(ms) {
    return Math.round(ms);
}
/**
 * Reads `500ms`, `10s`, `1m30s`, `2h`. A bare number is refused, because tools that guess its unit misled their users
 * (iFaxity/wait-on-action#103); `0` alone is allowed.
 * @param subject what the value belongs to, for the message: ``input `deadline` ``
 * @throws ConfigurationError
 */
function parseDuration(text, subject) {
    const value = text.trim();
    if (value === '0')
        return milliseconds(0);
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
    const ms = parts.reduce((sum, part) => sum + Number(part[1]) * unitMs[part[2]], 0);
    const isWhole = parts.length > 0 && parts.map((part) => part[0]).join('') === value;
    if (!isWhole || ms > longestMs) {
        const bare = /^\d+(\.\d+)?$/.test(value);
        throw new errors/* ConfigurationError */.j1(`${subject}: ${JSON.stringify(text)} is not a duration.`, bare
            ? `Give the unit: ${value}s, ${value}ms or ${value}m.`
            : 'Write it like 500ms, 10s, 1m30s or 2h (at most 30d).');
    }
    return milliseconds(ms);
}
/** `850ms`, `4.2s`, `3m 07s`: for people. */
function formatDuration(ms) {
    if (ms < 1000)
        return `${Math.round(ms)}ms`;
    if (ms < 60_000)
        return `${(ms / 1000).toFixed(1)}s`;
    const seconds = Math.round(ms / 1000);
    return `${Math.floor(seconds / 60)}m ${String(seconds % 60).padStart(2, '0')}s`;
}

;// CONCATENATED MODULE: ../kit/src/action/secrets.ts
/** Shorter lines (`-`, `}`) would turn half of the log into asterisks and protect nothing. */
const shortestMaskedLine = 4;
/**
 * The parts of a secret that must not appear in the log: the whole value, each of its lines, and each line without the
 * white space around it. Research: the runner masks line by line, and a literal newline ends an add-mask command.
 */
function secretLines(secret) {
    const lines = secret.split(/\r\n|\n|\r/).flatMap((line) => [line, line.trim()]);
    const whole = secret.trim();
    return [...new Set([...lines, ...(whole.includes('\n') ? [] : [whole])])].filter((line) => line.length >= shortestMaskedLine);
}
/** Masks every line of a secret; call it before the secret is used for anything. */
function maskSecret(runner, secret) {
    for (const line of secretLines(secret))
        runner.mask(line);
}
/** Replaces every occurrence of the given secrets (and of their lines) in a text by `***`. */
function redact(text, secrets) {
    const needles = secrets.flatMap(secretLines).sort((a, b) => b.length - a.length);
    return needles.reduce((result, needle) => result.replaceAll(needle, '***'), text);
}

;// CONCATENATED MODULE: ../kit/src/action/inputs.ts



/** The error for a value that does not fit, quoting input and value. */
function badInput(name, value, expected) {
    return new errors/* ConfigurationError */.j1(`input \`${name}\`: ${JSON.stringify(value)} is not ${expected}.`);
}
function missingInput(name, options) {
    const fallback = options?.env === undefined ? '' : ` (or the environment variable ${options.env})`;
    return new errors/* ConfigurationError */.j1(`input \`${name}\` is required and was empty.`, `Set \`${name}\`${fallback}. A secret that does not exist in this repository or environment arrives here as an empty value.`);
}
/** Reads inputs through the runner; `INPUT` wins over its environment variable. */
function inputReader(runner) {
    const raw = (name, options) => {
        const given = runner.input(name);
        if (given.trim() !== '')
            return given;
        return (options?.env === undefined ? undefined : runner.env(options.env)) ?? '';
    };
    const optional = (name, options) => raw(name, options).trim() || undefined;
    const required = (name, options) => {
        const value = optional(name, options);
        if (value === undefined)
            throw missingInput(name, options);
        return value;
    };
    const secret = (name, options) => {
        const value = raw(name, options);
        if (value.trim() === '')
            return undefined;
        maskSecret(runner, value);
        return value;
    };
    const optionalDuration = (name, options) => {
        const value = optional(name, options);
        return value === undefined ? undefined : parseDuration(value, `input \`${name}\``);
    };
    return {
        optional,
        required,
        secret,
        optionalDuration,
        requiredSecret: (name, options) => {
            const value = secret(name, options);
            if (value === undefined)
                throw missingInput(name, options);
            return value;
        },
        variable: (name) => runner.env(name),
        flag: (name) => {
            const value = required(name);
            // YAML 1.2's core schema, as GitHub's own toolkit reads booleans.
            if (/^(true|True|TRUE)$/.test(value))
                return true;
            if (/^(false|False|FALSE)$/.test(value))
                return false;
            throw badInput(name, value, 'true or false');
        },
        integer: (name, range, options) => {
            const value = required(name, options);
            const number = /^\d{1,15}$/.test(value) ? Number(value) : NaN;
            if (number >= range.min && number <= range.max)
                return number;
            throw badInput(name, value, `a whole number from ${range.min} to ${range.max}`);
        },
        duration: (name, options) => parseDuration(required(name, options), `input \`${name}\``),
        oneOf: (name, choices) => {
            const value = required(name);
            const choice = choices.find((candidate) => candidate === value);
            if (choice === undefined)
                throw badInput(name, value, `one of: ${choices.join(', ')}`);
            return choice;
        },
        lines: (name, options) => raw(name, options)
            .split(/\r?\n/)
            .map((line) => line.trim())
            .filter((line) => line !== '' && !line.startsWith('#')),
    };
}

;// CONCATENATED MODULE: external "node:timers/promises"
const promises_namespaceObject = require("node:timers/promises");
;// CONCATENATED MODULE: ../kit/src/time/clock.ts

const systemClock = {
    now: () => {
        // Not performance.now(): a bundle would start some milliseconds later for loading all that comes with it.
        const [seconds, nanoseconds] = process.hrtime();
        return seconds * 1000 + nanoseconds / 1e6;
    },
    date: () => new Date(),
    sleep: async (ms, signal) => {
        signal?.throwIfAborted();
        try {
            await (0,promises_namespaceObject.setTimeout)(ms, undefined, signal === undefined ? {} : { signal });
        }
        catch (thrown) {
            signal?.throwIfAborted();
            throw thrown;
        }
    },
};

;// CONCATENATED MODULE: ../kit/src/host/local-program.ts
const longestOutput = 1024 * 1024;
const stepSecret = /^(INPUT_|DEPLOY_(JUMP_)?SSH_|DEPLOY_REGISTRY_)/;
/**
 * Runs a small program on the runner (a credential helper) and waits for it. It has the step's environment, for helpers
 * find their own accounts there, but none of the step's inputs.
 * @throws the signal's reason
 */
async function runLocalProgram(argv, options) {
    const { stdin, timeoutMs, signal } = options;
    signal.throwIfAborted();
    const [program = '', ...args] = argv;
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !stepSecret.test(name)));
    // Most runs need no helper; loading it costs milliseconds.
    const { spawn } = await Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 1421, 23));
    const end = await new Promise((resolve) => {
        const child = spawn(program, args, { env, timeout: timeoutMs, killSignal: 'SIGKILL', signal });
        const output = { stdout: '', stderr: '' };
        for (const name of ['stdout', 'stderr']) {
            child[name].setEncoding('utf8').on('data', (chunk) => {
                if (output[name].length < longestOutput)
                    output[name] += chunk;
            });
        }
        child.once('error', ({ message }) => {
            resolve({ kind: 'failed', reason: message });
        });
        // Not waited for `close`: what a killed program started may hold its output open for ever.
        child.once('exit', (code, killed) => {
            if (code !== null)
                return;
            resolve({
                kind: 'failed',
                reason: `it was ended by ${killed ?? 'a signal'}, after ${timeoutMs / 1000}s at the latest`,
            });
        });
        child.once('close', (code) => {
            if (code !== null)
                resolve({ kind: 'exited', code, ...output });
        });
        // A program that does not read its input is no fault of ours.
        child.stdin.on('error', () => undefined).end(stdin);
    });
    signal.throwIfAborted();
    return end;
}

// EXTERNAL MODULE: ./src/failures.ts
var src_failures = __nccwpck_require__(7170);
// EXTERNAL MODULE: external "node:net"
var external_node_net_ = __nccwpck_require__(7030);
;// CONCATENATED MODULE: ./src/registry/address.ts

const ranges = {
    // 0.0.0.0 and :: reach the machine itself.
    loopback: ['127.0.0.0/8', '0.0.0.0/8', '::1/128', '::/128'],
    // 169.254.169.254 and its like hand out a cloud machine's credentials; multicast and reserved ranges go with them.
    'link-local': ['169.254.0.0/16', '224.0.0.0/3', 'fe80::/10', 'ff00::/8'],
    private: [
        '10.0.0.0/8',
        '172.16.0.0/12',
        '192.168.0.0/16',
        '100.64.0.0/10',
        '192.0.0.0/24',
        '198.18.0.0/15',
        'fc00::/7',
        'fec0::/10',
        // Addresses that carry an IPv4 address inside, which a gateway would reach.
        '64:ff9b::/96',
        '2002::/16',
    ],
};
const kinds = ['loopback', 'link-local', 'private'];
/** Each is made by the first address that has to be held against it. */
const lists = new Map();
/** One address answers many requests. */
const known = new Map();
/** The kind of an IP address in text; an IPv4 address mapped into IPv6 counts as what it is. Undefined for a name. */
function addressKind(address) {
    const family = (0,external_node_net_.isIP)(address);
    if (family === 0)
        return undefined;
    const found = known.get(address) ?? findKind(address, family === 6 ? 'ipv6' : 'ipv4');
    known.set(address, found);
    return found;
}
function findKind(address, family) {
    for (const kind of kinds) {
        const list = lists.get(kind) ?? openList(ranges[kind]);
        lists.set(kind, list);
        if (list.check(address, family))
            return kind;
    }
    return 'public';
}
function openList(networks) {
    const list = new external_node_net_.BlockList();
    for (const range of networks) {
        const [network = '', bits = ''] = range.split('/');
        list.addSubnet(network, Number(bits), network.includes(':') ? 'ipv6' : 'ipv4');
    }
    return list;
}
/** The host of a URL without the brackets of an IPv6 address. */
function bareHost(hostname) {
    return hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}
/** `localhost` and its addresses: what Docker reaches without TLS unasked. */
function isLoopbackHost(hostname) {
    const host = bareHost(hostname);
    return host === 'localhost' || host.endsWith('.localhost') || addressKind(host) === 'loopback';
}

;// CONCATENATED MODULE: ./src/registry/endpoint.ts

const knownRegistries = new Map([
    ['ghcr.io', { host: 'ghcr.io', realm: 'https://ghcr.io/token', service: 'ghcr.io' }],
    ['docker.io', { host: 'registry-1.docker.io', realm: 'https://auth.docker.io/token', service: 'registry.docker.io' }],
]);
/** A registry host in the form in which hosts are compared: lower case, no scheme, no path, Docker Hub by one name. */
function normaliseRegistry(text) {
    const host = text
        .trim()
        .toLowerCase()
        .replace(/^https?:\/\//, '')
        .replace(/\/.*$/, '');
    return ['index.docker.io', 'registry-1.docker.io', 'hub.docker.com'].includes(host) ? 'docker.io' : host;
}
/** May this host be spoken to without TLS? Loopback always, others only when listed. */
function isPlainAllowed(url, options) {
    const hosts = [url.host, `${url.hostname}:${url.port || '80'}`];
    return isLoopbackHost(url.hostname) || options.insecureRegistries.some((host) => hosts.includes(host));
}
function endpointOf(registry, options) {
    const known = knownRegistries.get(normaliseRegistry(registry));
    if (known !== undefined) {
        const tokenSource = { realm: new URL(known.realm), service: known.service };
        return { registry, origin: new URL(`https://${known.host}`), tokenSource };
    }
    const plain = new URL(`http://${registry}`);
    const isListed = options.insecureRegistries.includes(normaliseRegistry(registry));
    const isPlain = isListed || (isLoopbackHost(plain.hostname) && !options.hasOwnCa);
    return { registry, origin: isPlain ? plain : new URL(`https://${registry}`), tokenSource: undefined };
}

// EXTERNAL MODULE: ../kit/src/json/json.ts
var json = __nccwpck_require__(3925);
// EXTERNAL MODULE: ./src/registry/json.ts
var registry_json = __nccwpck_require__(1499);
;// CONCATENATED MODULE: ./src/credentials/credentials.ts
/** The parts that must not be shown. */
function secretsOf(credentials) {
    return credentials.kind === 'password' ? [credentials.password] : [credentials.token];
}
/** The user name that says that the password is an identity token (docker-credential-helpers). */
const tokenUsername = '<token>';
function passwordOrToken(username, secret, source) {
    return username === tokenUsername
        ? { kind: 'identity-token', username, token: secret, source }
        : { kind: 'password', username, password: secret, source };
}

;// CONCATENATED MODULE: ./src/credentials/auth-file.ts




/** The key under which `docker login` without a host keeps Docker Hub's account. */
const dockerHubServer = 'https://index.docker.io/v1/';
/** Undefined when the bytes are no JSON object. */
function parseAuthFile(path, bytes) {
    const document = (0,registry_json/* parseJson */.qF)(bytes);
    return document === undefined ? undefined : { path, document };
}
/** Where such files lie, those that win first: Docker's, then those of Podman, Buildah and Skopeo. */
function authFilePaths(env) {
    const home = env('HOME') ?? env('USERPROFILE');
    const at = (folder, rest) => folder === undefined ? [] : [`${folder.replace(/\/$/, '')}/${rest}`];
    const docker = env('DOCKER_CONFIG') ?? (home === undefined ? undefined : `${home}/.docker`);
    const explicit = env('REGISTRY_AUTH_FILE');
    const config = env('XDG_CONFIG_HOME') ?? (home === undefined ? undefined : `${home}/.config`);
    return [
        ...at(docker, 'config.json'),
        ...(explicit === undefined ? [] : [explicit]),
        ...at(env('XDG_RUNTIME_DIR'), 'containers/auth.json'),
        ...at(config, 'containers/auth.json'),
    ];
}
/**
 * What a file knows of a repository, best first: the registry's own helper, the store of all, the file itself. Hosts are
 * compared whole; a key may go on with a path (`quay.io/acme`), then it is for what is below that.
 */
function findLeads(file, registry, repository) {
    const keys = repositoryKeys(registry, repository);
    const { credHelpers, credsStore, auths } = file.document;
    const server = keys.at(-1) === 'docker.io' ? dockerHubServer : registry;
    const named = [findKey((0,json/* asObject */.eB)(credHelpers), keys), credsStore]
        .map(registry_json/* asText */.e1)
        .filter((helper) => helper !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(helper));
    const stored = readAuth((0,json/* asObject */.eB)(findKey((0,json/* asObject */.eB)(auths), keys)), file.path);
    return [
        ...named.map((helper) => ({ kind: 'helper', helper: helper ?? '', server })),
        ...(stored === undefined ? [] : [{ kind: 'stored', credentials: stored }]),
    ];
}
/** `quay.io/acme/api`, `quay.io/acme`, `quay.io`. */
function repositoryKeys(registry, repository) {
    const host = normaliseRegistry(registry);
    const parts = repository.split('/');
    return [...parts.map((_, at) => [host, ...parts.slice(0, parts.length - at)].join('/')), host];
}
function findKey(entries, keys) {
    const byKey = new Map(Object.entries(entries).map(([key, value]) => [normaliseKey(key), value]));
    return keys.map((key) => byKey.get(key)).find((value) => value !== undefined);
}
/** Docker has written keys with a scheme and `/v1/`, `/v2/` behind the host. */
function normaliseKey(key) {
    const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/');
    const rest = path.filter((part) => part !== '');
    const below = rest.length === 1 && /^v[12]$/.test(rest[0] ?? '') ? [] : rest;
    return [normaliseRegistry(host), ...below].join('/');
}
function readAuth(entry, source) {
    const decoded = Buffer.from((0,registry_json/* asText */.e1)(entry['auth']) ?? '', 'base64')
        .toString('utf8')
        .replace(/\0+$/, '');
    const colon = decoded.indexOf(':');
    const username = colon === -1 ? (0,registry_json/* asText */.e1)(entry['username']) : decoded.slice(0, colon);
    const password = colon === -1 ? (0,registry_json/* asText */.e1)(entry['password']) : decoded.slice(colon + 1);
    const identityToken = (0,registry_json/* asText */.e1)(entry['identitytoken']) ?? '';
    const pullToken = (0,registry_json/* asText */.e1)(entry['registrytoken']) ?? '';
    if (identityToken !== '')
        return { kind: 'identity-token', username: username ?? '', token: identityToken, source };
    if (pullToken !== '')
        return { kind: 'pull-token', token: pullToken, source };
    if (username === undefined || username === '' || password === undefined || password === '')
        return undefined;
    return passwordOrToken(username, password, source);
}
/** What a helper printed: `{"Username": …, "Secret": …}`; undefined when it is nothing of use. */
function parseHelperOutput(text, source) {
    const document = (0,registry_json/* parseJson */.qF)(new TextEncoder().encode(text)) ?? {};
    const [username, secret] = [(0,registry_json/* asText */.e1)(document['Username']), (0,registry_json/* asText */.e1)(document['Secret'])];
    if (username === undefined || username === '' || secret === undefined || secret === '')
        return undefined;
    return passwordOrToken(username, secret, source);
}
/** A helper that was asked for what it does not have says so with these words, and fails. */
function isNotFoundAnswer(text) {
    return /credentials not found|no credentials server url|not found in native keychain/i.test(text);
}

;// CONCATENATED MODULE: ./src/credentials/credential-store.ts







function openCredentialStore(options) {
    let files;
    const helperAnswers = new Map();
    const follow = (lead) => {
        if (lead.kind === 'stored')
            return Promise.resolve(lead.credentials);
        const key = `${lead.helper} ${lead.server}`;
        const asked = helperAnswers.get(key) ?? askHelper(lead, options);
        helperAnswers.set(key, asked);
        return asked;
    };
    const search = async (registry, repository) => {
        files ??= readAuthFiles(options);
        for (const file of files) {
            for (const lead of findLeads(file, registry, repository)) {
                const found = await follow(lead);
                if (found !== undefined)
                    return found;
            }
        }
        return undefined;
    };
    return {
        find: async (registry, repository) => {
            const found = options.given.get(normaliseRegistry(registry)) ?? (await search(registry, repository));
            if (found !== undefined)
                for (const secret of secretsOf(found))
                    options.onSecret(secret);
            return found;
        },
    };
}
function readAuthFiles({ env, onWarning }) {
    return authFilePaths(env).flatMap((path) => {
        try {
            const file = parseAuthFile(path, (0,external_node_fs_namespaceObject.readFileSync)(path));
            if (file === undefined)
                onWarning(`${path} is no JSON object: the credentials in it are not used.`);
            return file === undefined ? [] : [file];
        }
        catch (thrown) {
            const isAbsent = thrown instanceof Error && 'code' in thrown && /^(ENOENT|ENOTDIR)$/.test(String(thrown.code));
            if (!isAbsent)
                onWarning(`${path} cannot be read: ${(0,errors/* describeThrown */.YI)(thrown)}.`);
            return [];
        }
    });
}
async function askHelper({ helper, server }, { timeoutMs, signal, onWarning }) {
    const program = `docker-credential-${helper}`;
    const ended = await runLocalProgram([program, 'get'], { stdin: `${server}\n`, timeoutMs, signal });
    const found = ended.kind === 'exited' && ended.code === 0 ? parseHelperOutput(ended.stdout, program) : undefined;
    if (found !== undefined)
        return found;
    if (ended.kind === 'exited' && isNotFoundAnswer(`${ended.stdout} ${ended.stderr}`))
        return undefined;
    // Its standard output may hold a secret: only how it ended is told.
    const why = ended.kind === 'failed'
        ? ended.reason
        : `exit status ${ended.code}, ${(0,src_failures/* cleanText */.X)(ended.stderr) || 'no credentials'}`;
    onWarning(`${program} gave no credentials for ${server}: ${why}.`);
    return undefined;
}

;// CONCATENATED MODULE: ../kit/src/image/image-lines.ts


const envPattern = /^[A-Z][A-Z0-9_]*$/;
// Compose's own pattern, less a leading dash: such a name would be read as an option.
const servicePattern = /^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/;
/** UPPER_CASE is an environment variable, anything else a service. Undefined when it can be neither. */
function parseImageName(text) {
    if (envPattern.test(text))
        return { kind: 'env', name: text };
    return servicePattern.test(text) ? { kind: 'service', name: text } : undefined;
}
/**
 * Reads lines of `name=reference` or plain `reference`; the same left side twice is refused.
 * @param input the name of the input, for messages
 * @throws ConfigurationError quoting the line
 */
function parseImageLines(lines, input) {
    const seen = new Set();
    return lines.map((line) => {
        const subject = `input \`${input}\``;
        const equals = line.indexOf('=');
        if (equals === -1)
            return { target: undefined, ref: parseImageRef(line, subject) };
        const left = line.slice(0, equals).trim();
        const target = parseImageName(left);
        if (target === undefined) {
            throw new errors/* ConfigurationError */.j1(`${subject}: in the line ${JSON.stringify(line)}, ${JSON.stringify(left)} is neither a Compose service nor an environment variable.`, 'Write service=repository@sha256:… or API_IMAGE=repository@sha256:….');
        }
        if (seen.has(left))
            throw new errors/* ConfigurationError */.j1(`${subject}: ${left} is given twice, in the line ${JSON.stringify(line)} again.`);
        seen.add(left);
        return { target, ref: parseImageRef(line.slice(equals + 1).trim(), `${subject}, ${left}`) };
    });
}
/**
 * Like {@link parseImageLines}, but each line must have its left side.
 * @throws ConfigurationError quoting the line
 */
function parseImagePins(lines, input) {
    return parseImageLines(lines, input).map(({ target, ref }) => {
        if (target !== undefined)
            return { ...target, ref };
        throw new ConfigurationError(`input \`${input}\`: the line ${JSON.stringify(ref.text)} does not say which image it is for.`, `Write service=${ref.text} or API_IMAGE=${ref.text}.`);
    });
}
/**
 * Only digests cannot change between the proof and the deploy.
 * @throws ConfigurationError for the first pin without one
 */
function requireDigests(pins, input) {
    return pins.map((pin) => {
        const { ref } = pin;
        if (isPinned(ref))
            return { ...pin, ref };
        throw new ConfigurationError(`input \`${input}\`: ${pin.name}=${ref.text} has no digest, so it may be another image by the time it is pulled.`, 'Give the output `images` of action-verify-image here, or write repository@sha256:….');
    });
}
/** The line {@link parseImagePins} reads back; without a target the bare reference. */
function formatImageLine(target, ref) {
    const right = formatImageRef(ref);
    return target === undefined ? right : `${target.name}=${right}`;
}

;// CONCATENATED MODULE: ../kit/src/image/tag-policy.ts
/** Which references may be deployed; `pinned` is any form that by convention never moves. */
const tagPolicies = ['pinned', 'sha', 'semver', 'digest-only', 'any'];
/** Full commit SHA (SHA-1 or SHA-256), or `sha-` and at least 7 hex digits as docker/metadata-action writes it. */
const shaPattern = /^([0-9a-f]{40}|[0-9a-f]{64}|sha-[0-9a-f]{7,64})$/;
/** All three numbers, leading zeros allowed: calendar versions such as 2026.01.05 do not move either. */
const semverPattern = /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
const allowed = {
    pinned: 'a full commit SHA, sha-<7 or more hex>, a full version such as 1.16.0, or a digest',
    sha: 'a full commit SHA, sha-<7 or more hex>, or a digest',
    semver: 'a full version such as 1.16.0, or a digest',
    'digest-only': 'a digest',
    any: 'anything',
};
/** Why this reference must not be deployed, as the end of a sentence; undefined when it may. A digest always may. */
function reasonToRefuseTag(ref, policy) {
    if (policy === 'any' || ref.digest !== undefined)
        return undefined;
    const { tag } = ref;
    if (tag === undefined)
        return 'it has no tag, which means `latest`, and that moves with every push';
    const isSha = shaPattern.test(tag);
    const isVersion = semverPattern.test(tag);
    const isAllowed = (isSha && (policy === 'pinned' || policy === 'sha')) || (isVersion && (policy === 'pinned' || policy === 'semver'));
    if (isAllowed)
        return undefined;
    if (isSha || isVersion)
        return `the tag ${tag} is not what \`tags: ${policy}\` asks for`;
    if (/^v?\d+(\.\d+)?$/.test(tag))
        return `the tag ${tag} moves to each new ${tag}.x`;
    if (/^[0-9a-f]{7,39}$/.test(tag))
        return `the tag ${tag} may be a short commit SHA or a word`;
    return `the tag ${tag} can be moved to other content at any time`;
}
/** What the policy takes, for a hint. */
function describePolicy(policy) {
    return allowed[policy];
}

;// CONCATENATED MODULE: ./src/expectations.ts

/**
 * Reads an `expect-…` input: one value for all images, or lines `name=value` for some of them; never both.
 * @param names the left sides of `images`
 * @param readValue throws the error for a value that does not fit
 * @throws ConfigurationError
 */
function parseExpectations(lines, input, names, readValue) {
    const byName = new Map();
    let forAll;
    for (const line of lines) {
        const [, name, value = line] = /^([^=]*)=(.*)$/.exec(line) ?? [];
        const key = name?.trim();
        if (key === undefined) {
            if (lines.length > 1) {
                throw new errors/* ConfigurationError */.j1(`input \`${input}\`: ${JSON.stringify(line)} does not say which image it is for.`, 'Give one value for all images, or one line name=value for each.');
            }
            forAll = readValue(value.trim());
        }
        else {
            if (!names.includes(key)) {
                throw new errors/* ConfigurationError */.j1(`input \`${input}\`: ${JSON.stringify(key)} is not the left side of any line of \`images\`.`);
            }
            if (byName.has(key))
                throw new errors/* ConfigurationError */.j1(`input \`${input}\`: ${JSON.stringify(key)} is given twice.`);
            byName.set(key, readValue(value.trim()));
        }
    }
    return { forAll, byName };
}

;// CONCATENATED MODULE: ./src/label-expectations.ts

/**
 * Reads `expect-labels`: lines `label=value` for all images, `name: label=value` for one.
 * @param names the left sides of `images`
 * @throws ConfigurationError
 */
function parseLabelExpectations(lines, names) {
    const seen = new Set();
    return lines.map((line) => {
        const [, name, label = '', value = ''] = /^(?:([^\s:=]+):\s+)?([^\s=]+)\s*=\s*(.*)$/.exec(line) ?? [];
        if (label === '') {
            throw new errors/* ConfigurationError */.j1(`input \`expect-labels\`: ${JSON.stringify(line)} has not the form label=value.`, 'Write label=value for all images, or name: label=value for one.');
        }
        if (name !== undefined && !names.includes(name)) {
            throw new errors/* ConfigurationError */.j1(`input \`expect-labels\`: ${JSON.stringify(name)} is not the left side of any line of \`images\`.`);
        }
        const key = `${name ?? ''} ${label}`;
        if (seen.has(key))
            throw new errors/* ConfigurationError */.j1(`input \`expect-labels\`: ${JSON.stringify(label)} is given twice.`);
        seen.add(key);
        return { name, label, value };
    });
}
/** What one image must be labelled with: its own lines win over those for all. */
function labelsFor(name, lines) {
    const own = lines.filter((line) => line.name !== undefined && line.name === name);
    const general = lines.filter((line) => line.name === undefined && !own.some(({ label }) => label === line.label));
    return [...general, ...own].map(({ label, value }) => ({ label, value }));
}

;// CONCATENATED MODULE: ./src/registry-inputs.ts




/**
 * The credentials that the step was given, by the registry they belong to (see normaliseRegistry).
 * @throws ConfigurationError
 */
function loadCredentials(reader, lines) {
    const credentials = new Map();
    for (const line of (reader.secret('registry-credentials') ?? '').split(/\r?\n/)) {
        const text = line.trim();
        if (text === '' || text.startsWith('#'))
            continue;
        const [, host = '', username = '', password = ''] = /^([^=:]+(?::\d+)?)=([^:]+):(.+)$/.exec(text) ?? [];
        // The line is a secret: it is not quoted.
        if (host === '') {
            throw new errors/* ConfigurationError */.j1('input `registry-credentials`: a line has not the form host=user:password.', 'Write one line for each registry: ghcr.io=name:token.');
        }
        const registry = normaliseRegistry(host);
        if (credentials.has(registry)) {
            throw new errors/* ConfigurationError */.j1(`input \`registry-credentials\`: ${JSON.stringify(registry)} is given twice.`);
        }
        credentials.set(registry, { kind: 'password', username, password, source: '`registry-credentials`' });
    }
    const one = loadAccount(reader, lines, credentials);
    if (one === undefined)
        return credentials;
    if (credentials.has(one.registry)) {
        throw new errors/* ConfigurationError */.j1(`input \`registry-credentials\`: ${JSON.stringify(one.registry)} is given by \`registry-username\` too.`);
    }
    return credentials.set(one.registry, one.credentials);
}
function loadAccount(reader, lines, others) {
    const username = reader.optional('registry-username', { env: 'DEPLOY_REGISTRY_USERNAME' });
    const password = reader.secret('registry-password', { env: 'DEPLOY_REGISTRY_PASSWORD' })?.trim();
    if (username === undefined && password === undefined)
        return undefined;
    if (username === undefined || password === undefined) {
        const [given, missing] = username === undefined ? ['password', 'username'] : ['username', 'password'];
        throw new errors/* ConfigurationError */.j1(`input \`registry-${missing}\` was empty, but \`registry-${given}\` was given.`, 'A secret that does not exist in this repository or environment arrives here as an empty value.');
    }
    if (username.includes(':'))
        throw badInput('registry-username', username, 'a user name (a colon ends it in HTTP Basic)');
    const source = '`registry-username` and `registry-password`';
    return {
        registry: loadRegistry(reader, lines, others),
        credentials: { kind: 'password', username, password, source },
    };
}
function loadRegistry(reader, lines, others) {
    const given = reader.optional('registry', { env: 'DEPLOY_REGISTRY' });
    if (given !== undefined)
        return normaliseRegistry(given);
    const registries = [...new Set(lines.map(({ ref }) => normaliseRegistry(ref.registry)))].filter((registry) => !others.has(registry));
    const [only, ...more] = registries;
    if (only !== undefined && more.length === 0)
        return only;
    throw new errors/* ConfigurationError */.j1(`input \`registry\` is required: the images are on ${registries.join(', ')}, and \`registry-username\` belongs to one of them.`, 'Set `registry` to the host that the user name and password are for, and give the others in `registry-credentials`.');
}
function loadInsecureRegistries(reader) {
    return reader.lines('insecure-registries').map((line) => {
        const host = line.toLowerCase();
        if (host.includes('/') || !URL.canParse(`http://${host}`)) {
            throw badInput('insecure-registries', line, 'a host:port without scheme or path');
        }
        return host;
    });
}
/** PEM text of certificates to trust. */
function loadCa(reader) {
    const path = reader.optional('ca-file');
    if (path === undefined)
        return undefined;
    let text;
    try {
        text = (0,external_node_fs_namespaceObject.readFileSync)(path, 'utf8');
    }
    catch (thrown) {
        throw new errors/* ConfigurationError */.j1(`input \`ca-file\`: ${JSON.stringify(path)} cannot be read: ${(0,errors/* describeThrown */.YI)(thrown)}.`);
    }
    if (!text.includes('-----BEGIN CERTIFICATE-----'))
        throw badInput('ca-file', path, 'a file with PEM certificates');
    return text;
}

;// CONCATENATED MODULE: ./src/registry/platform.ts
const architectureAliases = {
    x86_64: 'amd64',
    'x86-64': 'amd64',
    aarch64: 'arm64',
    armhf: 'arm',
    armel: 'arm',
    i386: '386',
};
/** Spells a platform as containerd does (platforms/database.go): arm64 is arm64/v8, arm is arm/v7, amd64 is amd64/v1. */
function normalisePlatform(os, architecture, variant) {
    const typed = architecture.toLowerCase();
    const arch = architectureAliases[typed] ?? typed;
    const given = typed === 'armel' && variant === '' ? 'v6' : variant.toLowerCase().replace(/^(\d)/, 'v$1');
    const isDefault = (arch === 'arm64' && given === 'v8') || (arch === 'amd64' && given === 'v1');
    const normal = arch === 'arm' && given === '' ? 'v7' : given;
    return { os: os.toLowerCase(), architecture: arch, variant: isDefault ? '' : normal };
}
/** Reads `linux/amd64` or `linux/arm/v7`; undefined when the text is no platform. */
function parsePlatform(text) {
    const [, os = '', architecture = '', variant = ''] = /^([a-z0-9]+)\/([a-z0-9_-]+)(?:\/([a-z0-9.]+))?$/i.exec(text) ?? [];
    return os === '' ? undefined : normalisePlatform(os, architecture, variant);
}
function formatPlatform({ os, architecture, variant }) {
    return [os, architecture, variant].filter((part) => part !== '').join('/');
}
function isSamePlatform(a, b) {
    return formatPlatform(a) === formatPlatform(b);
}

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __nccwpck_require__(7598);
// EXTERNAL MODULE: ./src/signature/policy.ts
var policy = __nccwpck_require__(5920);
;// CONCATENATED MODULE: ./src/signature-inputs.ts





const signature_inputs_kinds = ['none', 'github-attestation', 'cosign-keyless', 'cosign-key'];
/**
 * Whose signature an image must carry.
 * @throws ConfigurationError also for an expectation that nothing would look at
 */
function loadSignaturePolicy(reader, runner) {
    const kind = reader.oneOf('verify', signature_inputs_kinds);
    const identity = reader.optional('certificate-identity');
    const key = reader.optional('cosign-key');
    const repository = reader.optional('attestation-repo');
    const issuer = reader.required('certificate-oidc-issuer');
    const rootFile = reader.optional('trusted-root');
    refuseIdle(kind, { 'certificate-identity': identity, 'cosign-key': key, 'attestation-repo': repository });
    const trustedRoot = rootFile === undefined ? undefined : readText('trusted-root', rootFile);
    switch (kind) {
        case 'none':
            return { kind };
        case 'cosign-key':
            return { kind, key: readKey(key ?? missing(kind, 'cosign-key')) };
        case 'cosign-keyless': {
            const text = identity ?? missing(kind, 'certificate-identity');
            return {
                kind,
                trustedRoot,
                signer: { issuer, identity: (0,policy/* identityPattern */.L)(text), text, sourceRepository: undefined },
            };
        }
        case 'github-attestation': {
            const repo = readRepository(repository ?? runner.env('GITHUB_REPOSITORY') ?? missing(kind, 'attestation-repo'));
            const server = runner.env('GITHUB_SERVER_URL') ?? 'https://github.com';
            const text = identity ?? `${server}/${repo}/*`;
            const signer = { issuer, identity: (0,policy/* identityPattern */.L)(text), text, sourceRepository: `${server}/${repo}` };
            const apiUrl = runner.env('GITHUB_API_URL') ?? 'https://api.github.com';
            return { kind, trustedRoot, signer, repository: repo, apiUrl, token: reader.secret('github-token')?.trim() };
        }
    }
}
/** Which inputs each kind looks at, of those that only some do. */
const uses = {
    none: [],
    'cosign-key': ['cosign-key'],
    'cosign-keyless': ['certificate-identity'],
    'github-attestation': ['certificate-identity', 'attestation-repo'],
};
/** Somebody who names a signer believes that it is checked. */
function refuseIdle(kind, given) {
    for (const [name, value] of Object.entries(given)) {
        if (value === undefined || uses[kind].includes(name))
            continue;
        throw new errors/* ConfigurationError */.j1(`input \`${name}\` is given, but \`verify: ${kind}\` does not look at it.`);
    }
}
function missing(kind, name) {
    throw new errors/* ConfigurationError */.j1(`input \`${name}\` is required with \`verify: ${kind}\` and was empty.`);
}
function readRepository(text) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(text))
        throw badInput('attestation-repo', text, 'a repository: owner/name');
    return text;
}
function readKey(text) {
    const pem = text.includes('-----BEGIN') ? text : readText('cosign-key', text);
    // A private key would be taken too, and its public half used: it has no business here.
    if (pem.includes('PRIVATE KEY')) {
        throw new errors/* ConfigurationError */.j1('input `cosign-key` is a private key.', 'Give the public one, cosign.pub.');
    }
    try {
        return (0,external_node_crypto_.createPublicKey)(pem);
    }
    catch (thrown) {
        throw new errors/* ConfigurationError */.j1(`input \`cosign-key\` is no public key in PEM form: ${(0,errors/* describeThrown */.YI)(thrown)}.`);
    }
}
function readText(input, path) {
    try {
        return (0,external_node_fs_namespaceObject.readFileSync)(path, 'utf8');
    }
    catch (thrown) {
        throw new errors/* ConfigurationError */.j1(`input \`${input}\`: ${JSON.stringify(path)} cannot be read: ${(0,errors/* describeThrown */.YI)(thrown)}.`);
    }
}

;// CONCATENATED MODULE: ./src/inputs.ts












const dayMs = 86_400_000;
/**
 * All inputs, checked; nothing has been asked of any registry yet.
 * @throws ConfigurationError, or DeployError TAG_FLOATING
 */
function loadInputs(reader, runner) {
    reader.required('images');
    const lines = parseImageLines(reader.lines('images'), 'images');
    if (lines.length === 0)
        throw new errors/* ConfigurationError */.j1('input `images` holds no image, only comments.');
    for (const { ref } of lines) {
        // Docker's grammar lets ports through that no URL can hold.
        if (!URL.canParse(`https://${ref.registry}`))
            throw badInput('images', ref.text, 'on a registry host that can be reached');
    }
    refuseFloatingTags(lines, reader.oneOf('tags', tagPolicies));
    const names = lines.map(({ target }) => target?.name);
    const digests = parseExpectations(reader.lines('expect-digest'), 'expect-digest', names, readDigest);
    const revisions = parseExpectations(reader.lines('expect-revision'), 'expect-revision', names, readRevision);
    const labels = parseLabelExpectations(reader.lines('expect-labels'), names);
    return {
        images: lines.map((line) => ({
            ...line,
            expectedDigest: expectationFor(line, digests),
            expectedRevision: expectationFor(line, revisions),
            expectedLabels: labelsFor(line.target?.name, labels),
        })),
        platforms: loadPlatforms(reader),
        maxAge: loadMaxAge(reader),
        maxSizeBytes: loadMaxSize(reader),
        onMissing: reader.oneOf('on-missing', ['fail', 'output']),
        signature: loadSignaturePolicy(reader, runner),
        credentials: loadCredentials(reader, lines),
        insecureRegistries: loadInsecureRegistries(reader),
        ca: loadCa(reader),
        waitTimeout: reader.duration('wait-timeout'),
        timeout: reader.duration('timeout'),
        retries: reader.integer('retries', { min: 0, max: 10 }),
    };
}
function refuseFloatingTags(lines, policy) {
    for (const { ref } of lines) {
        const reason = reasonToRefuseTag(ref, policy);
        if (reason === undefined)
            continue;
        throw (0,src_failures/* verifyError */.q)({
            code: 'TAG_FLOATING',
            message: `input \`images\`: ${JSON.stringify(ref.text)} is refused: ${reason}.`,
            hint: `\`tags: ${policy}\` takes ${describePolicy(policy)}. To allow any tag here, set \`tags: any\`.`,
        });
    }
}
function expectationFor({ target }, expectations) {
    return (target === undefined ? undefined : expectations.byName.get(target.name)) ?? expectations.forAll;
}
function readDigest(text) {
    const digest = (0,image_digest/* parseDigest */.m)(text);
    if (digest === undefined)
        throw badInput('expect-digest', text, 'a digest (sha256: and 64 lower-case hex digits)');
    return digest;
}
function readRevision(text) {
    if (!/^[0-9a-f]{12,64}$/i.test(text))
        throw badInput('expect-revision', text, 'a commit SHA of at least 12 hex digits');
    return text.toLowerCase();
}
function loadPlatforms(reader) {
    const texts = reader
        .lines('platforms')
        .flatMap((line) => line.split(','))
        .map((text) => text.trim());
    return texts
        .filter((text) => text !== '')
        .map((text) => {
        const platform = parsePlatform(text);
        if (platform === undefined)
            throw badInput('platforms', text, 'a platform such as linux/amd64 or linux/arm/v7');
        return platform;
    });
}
/** Whole days may be more than a duration elsewhere can be: an image may be years old. */
function loadMaxAge(reader) {
    const text = reader.optional('max-age');
    if (text === undefined)
        return undefined;
    const [, days] = /^(\d{1,4})d$/.exec(text) ?? [];
    const age = days === undefined ? parseDuration(text, 'input `max-age`') : milliseconds(Number(days) * dayMs);
    if (age === 0)
        throw badInput('max-age', text, 'an age that an image can have: 12h, 30d');
    return age;
}
function loadMaxSize(reader) {
    const text = reader.optional('max-size-mb');
    if (text === undefined)
        return undefined;
    if (!/^\d{1,7}$/.test(text) || Number(text) === 0)
        throw badInput('max-size-mb', text, 'a whole number of megabytes');
    return Number(text) * 1_000_000;
}

;// CONCATENATED MODULE: ./src/parallel.ts
/** Runs `work` over all items, at most `limit` at a time; results in the order of the items. The first rejection wins. */
async function runBounded(items, limit, work) {
    const results = new Map();
    const queue = items.entries();
    const worker = async () => {
        // All workers draw from the one iterator.
        for (const [index, item] of queue)
            results.set(index, await work(item));
    };
    await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
    return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}

// EXTERNAL MODULE: external "node:http"
var external_node_http_ = __nccwpck_require__(7067);
;// CONCATENATED MODULE: ./src/registry/proxy.ts

/** Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY; the lower-case spelling wins, as in curl. */
function readProxySettings(env) {
    const either = (name) => env(name.toLowerCase()) ?? env(name);
    return { https: either('HTTPS_PROXY'), http: either('HTTP_PROXY'), except: either('NO_PROXY') };
}
/** Node's agents speak to proxies since 24.5 (`proxyEnv`); older ones would quietly connect past them. */
function canUseProxies(nodeVersion) {
    const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
    return major > 24 || (major === 24 && minor >= 5);
}
/** The proxy for this URL; undefined for a direct connection. Loopback is always reached directly. */
function findProxy(url, settings) {
    const proxy = url.protocol === 'https:' ? settings?.https : settings?.http;
    if (settings === undefined || proxy === undefined || isLoopbackHost(url.hostname))
        return undefined;
    const entries = (settings.except ?? '').split(',').map((entry) => entry.trim().toLowerCase());
    return entries.some((entry) => isExcepted(url, entry)) ? undefined : proxy;
}
/** `*`, `host`, `.suffix`, `*.suffix`, each with or without a port; a host stands for what is below it too. */
function isExcepted(url, entry) {
    const host = bareHost(url.hostname);
    if (entry === '*' || bareHost(entry) === host)
        return true;
    const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    const urlPort = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
    if (port !== undefined && port !== urlPort)
        return false;
    const suffix = bareHost(name).replace(/^\*?\./, '');
    return suffix !== '' && (host === suffix || host.endsWith(`.${suffix}`));
}

;// CONCATENATED MODULE: ./src/registry/http.ts



/** No usable answer came. */
class ExchangeError extends Error {
    fault;
    constructor(fault, message) {
        super(message);
        this.name = 'ExchangeError';
        this.fault = fault;
    }
}
const userAgent = 'deploy-actions-verify-image';
/** So that a release of twenty images takes the round trips of one; what has fewer images opens fewer. */
const socketsPerHost = 20;
/** Of an error answer only the start is of use. */
const errorBodyBytes = 64 * 1024;
/** Opens the door on node:http and node:https, with kept connections. */
function openHttp(options) {
    const doors = new Map();
    let exchanges = 0;
    const doorFor = ({ url, allowed }, proxy) => {
        // A connection opened without the guard must not serve a guarded exchange.
        const key = `${url.protocol} ${allowed?.join() ?? 'any'} ${proxy ?? ''}`;
        const door = doors.get(key) ?? openDoor(url.protocol, proxy, options.ca);
        doors.set(key, door);
        return door;
    };
    return {
        send: async (exchange) => {
            exchanges++;
            const proxy = findProxy(exchange.url, options.proxy);
            return exchangeOnce(exchange, await doorFor(exchange, proxy), proxy !== undefined);
        },
        count: () => exchanges,
        close: () => {
            for (const door of doors.values())
                void door.then(({ agent }) => agent.destroy());
        },
    };
}
/** TLS is loaded by the first exchange that needs it: loading it takes half as long as starting Node. */
async function openDoor(protocol, proxy, ca) {
    const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
    const pool = { keepAlive: true, maxSockets: socketsPerHost, ...proxyEnv };
    if (protocol !== 'https:')
        return { agent: new external_node_http_.Agent(pool), request: external_node_http_.request };
    const [{ Agent, request }, { getCACertificates }] = await Promise.all([Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 4708, 23)), Promise.resolve(/* import() */).then(__nccwpck_require__.t.bind(__nccwpck_require__, 1692, 23))]);
    const trusted = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
    return { agent: new Agent({ ...pool, ...trusted }), request };
}
async function exchangeOnce(exchange, door, isProxied) {
    exchange.signal?.throwIfAborted();
    try {
        return await converse(exchange, door, isProxied);
    }
    catch (thrown) {
        exchange.signal?.throwIfAborted();
        throw classifyFault(thrown);
    }
}
/** With a timer and events of its own: signals and iterators would cost as much again as the request itself. */
async function converse(exchange, { agent, request: send }, isProxied) {
    const { signal, timeoutMs, maxBytes } = exchange;
    const request = send(exchange.url, { ...requestOptions(exchange, isProxied), agent });
    let timer;
    let cancel;
    try {
        return await new Promise((resolve, reject) => {
            timer = setTimeout(() => {
                reject(new ExchangeError('timeout', `no whole answer within ${timeoutMs / 1000}s`));
            }, timeoutMs);
            cancel = () => {
                reject(new ExchangeError('network', 'cancelled'));
            };
            signal?.addEventListener('abort', cancel);
            request.on('error', reject);
            request.on('response', (answer) => {
                const peer = isProxied ? undefined : addressKind(answer.socket.remoteAddress ?? '');
                const finish = (body) => {
                    resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, peer });
                };
                readBody(answer, maxBytes, finish, reject);
            });
            request.end(exchange.form?.toString());
        });
    }
    catch (thrown) {
        request.destroy();
        throw thrown;
    }
    finally {
        clearTimeout(timer);
        if (cancel !== undefined)
            signal?.removeEventListener('abort', cancel);
    }
}
function requestOptions({ url, form, headers, allowed }, isProxied) {
    const kind = addressKind(bareHost(url.hostname));
    if (allowed !== undefined && kind !== undefined && !allowed.includes(kind))
        throw refusedAddress(url, kind);
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    return {
        method: form === undefined ? 'GET' : 'POST',
        headers: { 'user-agent': userAgent, 'accept-encoding': 'identity', ...type, ...headers },
        // Behind a proxy it is the proxy that looks names up; what is looked up here is the proxy's own name.
        ...(allowed === undefined || isProxied ? {} : { lookup: guardedLookup(url, allowed) }),
    };
}
function readBody(answer, maxBytes, finish, fail) {
    const isGood = answer.statusCode === 200;
    const limit = isGood ? maxBytes : errorBodyBytes;
    const tooLarge = new ExchangeError('too-large', `the answer is larger than ${limit / 1024 / 1024} MiB`);
    const chunks = [];
    let size = 0;
    const whole = () => Buffer.concat(chunks).subarray(0, limit);
    answer.on('error', fail);
    if (isGood && Number(answer.headers['content-length'] ?? 0) > limit) {
        fail(tooLarge);
        return;
    }
    answer.on('data', (chunk) => {
        size += chunk.length;
        if (size <= limit || !isGood)
            chunks.push(chunk);
        if (size <= limit)
            return;
        if (isGood)
            fail(tooLarge);
        else {
            // The rest of an error page is not read.
            finish(whole());
            answer.destroy();
        }
    });
    answer.on('end', () => {
        finish(whole());
    });
    answer.on('close', () => {
        if (!answer.complete)
            fail(new ExchangeError('network', 'the connection ended in the middle of the answer'));
    });
}
function refusedAddress(url, kind) {
    return new ExchangeError('address', `${url.hostname} is a ${kind} address`);
}
/** Resolves a name and refuses it when any of its addresses lies where it may not: checked on what is connected to. */
function guardedLookup(url, allowed) {
    return (hostname, options, callback) => {
        // Loaded by the first name that is looked up.
        const { lookup } = process.getBuiltinModule('node:dns');
        lookup(hostname, { ...options, all: true }, (error, found) => {
            const addresses = found ?? [];
            const kinds = addresses.map(({ address }) => addressKind(address) ?? 'private');
            const refused = kinds.find((kind) => !allowed.includes(kind));
            const [first] = addresses;
            if (error !== null)
                callback(error, []);
            else if (refused !== undefined || first === undefined)
                callback(refusedAddress(url, refused ?? 'private'), []);
            else if (options.all === true)
                callback(null, addresses);
            else
                callback(null, first.address, first.family);
        });
    };
}
function classifyFault(thrown) {
    if (thrown instanceof ExchangeError)
        return thrown;
    const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
    const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : String(thrown);
    const isTls = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/.test(code);
    return new ExchangeError(isTls ? 'tls' : 'network', code === '' || message.includes(code) ? message : `${code}: ${message}`);
}

;// CONCATENATED MODULE: ./src/registry/challenge.ts
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const parameterPattern = new RegExp(`(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, 'y');
// A name with `=` after it is a parameter gone wrong, not the next scheme.
const schemePattern = new RegExp(`(${token})(?![^\\s,]|\\s*=)(?:[ \\t]+[A-Za-z0-9._~+/-]+=*(?=\\s*(?:,|$)))?`, 'y');
const separatorPattern = /[\s,]*/y;
/**
 * Reads a WWW-Authenticate header: several challenges, several header lines joined by commas, commas inside quotes.
 * What follows something unreadable is left out.
 */
function parseChallenges(header) {
    const challenges = [];
    let position = 0;
    const take = (pattern) => {
        pattern.lastIndex = position;
        const match = pattern.exec(header);
        if (match !== null)
            position = pattern.lastIndex;
        return match;
    };
    take(separatorPattern);
    while (position < header.length) {
        const parameter = take(parameterPattern);
        const current = challenges.at(-1);
        if (parameter !== null) {
            if (current === undefined)
                return challenges;
            const [, name = '', quoted, plain = ''] = parameter;
            // The first wins: a second `realm` must not replace the one another client would have used.
            const key = name.toLowerCase();
            const value = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain;
            if (!current.parameters.has(key))
                current.parameters.set(key, value);
        }
        else {
            const scheme = take(schemePattern);
            if (scheme === null)
                return challenges;
            challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters: new Map() });
        }
        take(separatorPattern);
    }
    return challenges;
}

;// CONCATENATED MODULE: ./src/registry/registry-errors.ts



/** The errors in an answer's body; the body may have any form, then there are none. */
function parseRegistryErrors(body) {
    return (0,json/* asList */.DD)((0,registry_json/* parseJson */.qF)(body)?.['errors'])
        .slice(0, 5)
        .map((entry) => {
        const { code, message } = (0,json/* asObject */.eB)(entry);
        return { code: (0,src_failures/* cleanText */.X)((0,registry_json/* asText */.e1)(code) ?? ''), message: (0,src_failures/* cleanText */.X)((0,registry_json/* asText */.e1)(message) ?? '') };
    });
}
/** Evidence for the log: the URL without its query, the status, what the registry said, its request id. */
function describeAnswer(url, answer) {
    const errors = parseRegistryErrors(answer.body).map(({ code, message }) => `${code} ${message}`.trim());
    const requestId = ['x-github-request-id', 'x-request-id', 'x-amzn-requestid', 'docker-request-id']
        .map((name) => answer.headers[name])
        .find((value) => typeof value === 'string');
    const said = errors.length > 0 ? `: ${errors.join('; ')}` : '';
    const id = typeof requestId === 'string' ? ` (request ${(0,src_failures/* cleanText */.X)(requestId)})` : '';
    return `GET ${url.origin}${url.pathname} answered ${answer.status}${said}${id}`;
}

;// CONCATENATED MODULE: ./src/registry/refusals.ts



/** The error for an answer other than 200. Only a 404, given to somebody who may read, means that something is absent. */
function judgeRefusal(refusal) {
    const { image, url, answer, redact } = refusal;
    const evidence = [redact(describeAnswer(url, answer))];
    if (refusal.isAway) {
        return (0,src_failures/* verifyError */.q)({
            code: 'ANSWER_INVALID',
            message: `${image.registry} redirects ${image.text} to ${url.host}, which answered ${answer.status}.`,
            hint: 'The storage behind the registry refuses what the registry allowed: a fault of its setup, or a clock that is wrong.',
            evidence,
        });
    }
    switch (answer.status) {
        case 401:
            return refusal.sent === 'basic'
                ? rejectedError(image.registry, refusal.account, evidence)
                : deniedError(refusal, evidence);
        case 403:
            return deniedError(refusal, evidence);
        case 404:
            return missingError(refusal, evidence);
        default:
            return (0,src_failures/* verifyError */.q)({
                code: 'ANSWER_INVALID',
                message: `${image.registry} answered ${answer.status} for ${image.text}.`,
                hint: 'That is no answer of a registry: look at what answers under this name.',
                evidence,
            });
    }
}
/** The error for a token endpoint that gave no token. GHCR refuses here for packages that are private or absent. */
function judgeTokenRefusal({ endpoint, repository }, url, answer, account, redact) {
    const evidence = [redact(describeAnswer(url, answer))];
    if (answer.status === 401 && account !== undefined)
        return rejectedError(endpoint.registry, account, evidence);
    if (answer.status === 401 || answer.status === 403) {
        return refusedError(endpoint.registry, repository, `the token request was answered ${answer.status}`, account, evidence);
    }
    return (0,src_failures/* verifyError */.q)({
        code: 'ANSWER_INVALID',
        message: `${endpoint.registry}: ${url.origin}${url.pathname} answered ${answer.status} instead of a token.`,
        hint: 'Look at what answers under this address.',
        evidence,
    });
}
function rejectedError(registry, account, evidence) {
    return (0,src_failures/* verifyError */.q)({
        code: 'AUTH_REJECTED',
        message: `${registry} does not accept the credentials from ${account ?? 'the inputs'}.`,
        hint: 'Expired, revoked, or of another registry? Renew them.',
        evidence,
    });
}
function deniedError({ image, answer, account }, evidence) {
    return refusedError(image.registry, image.repository, `it answered ${answer.status}`, account, evidence);
}
function refusedError(registry, repository, seen, account, evidence) {
    const remedy = account === undefined
        ? 'Check the spelling; for a private one set `registry-username` and `registry-password`'
        : `Check the spelling, that the credentials from ${account} are right, and that the account may read it`;
    const ghcr = registry === 'ghcr.io' ? '. On GHCR: give the job `packages: read` and the package access for this repository' : '';
    return (0,src_failures/* verifyError */.q)({
        code: 'DENIED_OR_MISSING',
        message: `${registry} refuses to show ${repository}: ${seen}. It is private or absent; the registry does not say which.`,
        hint: `${remedy}${ghcr}.`,
        evidence,
    });
}
function missingError({ image, reference, answer }, evidence) {
    if (reference === undefined) {
        return (0,src_failures/* verifyError */.q)({
            code: 'CONTENT_MISSING',
            message: `${image.text}: the manifest exists, but content it refers to does not.`,
            hint: 'The push was cut off or the registry lost data: push the image again.',
            evidence,
        });
    }
    const errors = parseRegistryErrors(answer.body);
    const isRepositoryUnknown = errors.some(({ code }) => code === 'NAME_UNKNOWN');
    const kind = reference.includes(':') ? 'digest' : 'tag';
    const what = isRepositoryUnknown ? 'it knows no such repository' : `${kind} ${reference} is absent`;
    const doubt = errors.length > 0 ? '' : ` The answer has no registry’s form: is ${image.registry} one?`;
    return (0,src_failures/* verifyError */.q)({
        code: 'TAG_MISSING',
        message: `${imageName(image)} can be asked for, but ${what} (${image.text}).`,
        hint: `Did the build push this ${kind}, and to this registry?${doubt}`,
        evidence,
    });
}

;// CONCATENATED MODULE: ./src/registry/retry.ts
const firstWaitMs = 500;
const longestWaitMs = 10_000;
const transientStatuses = [429, 500, 502, 503, 504];
/** Decides after the try with this number (1 is the first): transient answers and faults are tried again. */
function nextTry(outcome, tries, elapsedMs, policy, now) {
    const isTransient = 'status' in outcome
        ? transientStatuses.includes(outcome.status)
        : outcome.fault === 'network' || outcome.fault === 'timeout';
    if (!isTransient)
        return { kind: 'done' };
    const asked = 'status' in outcome ? parseRetryAfter(outcome.headers['retry-after'], now) : undefined;
    const ms = asked ?? Math.min(firstWaitMs * 2 ** (tries - 1), longestWaitMs);
    return tries > policy.retries || elapsedMs + ms > policy.deadlineMs ? { kind: 'give-up' } : { kind: 'wait', ms };
}
/** Reads Retry-After: seconds or an HTTP date (RFC 9110 §10.2.3). Milliseconds from `now`; undefined when unreadable. */
function parseRetryAfter(header, now) {
    const text = header?.trim() ?? '';
    if (/^\d{1,9}$/.test(text))
        return Number(text) * 1000;
    // Date.parse reads far more than an HTTP date: `-1`, for one.
    const at = /^[A-Z][a-z]{2},/.test(text) ? Date.parse(text) : NaN;
    return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

;// CONCATENATED MODULE: ./src/registry/transfer.ts





const mostRedirects = 5;
/**
 * One exchange, tried again after transient faults.
 * @param who the registry, for messages
 * @throws DeployError RATE_LIMITED, REGISTRY_DOWN, TLS, TOO_LARGE, REALM_REFUSED
 */
async function sendPatiently(exchange, who, options) {
    const { http, clock, timeoutMs, signal } = options;
    const policy = { retries: options.retries, deadlineMs: timeoutMs * (options.retries + 1) };
    const start = clock.now();
    for (let tries = 1;; tries++) {
        const outcome = await http.send({ ...exchange, timeoutMs, signal }).catch((thrown) => {
            if (thrown instanceof ExchangeError)
                return thrown;
            throw thrown;
        });
        const next = nextTry(outcome, tries, clock.now() - start, policy, clock.date());
        if (next.kind === 'wait')
            await clock.sleep(next.ms, signal);
        else if (outcome instanceof ExchangeError)
            throw faultError(outcome, exchange.url, who, tries);
        else if (next.kind === 'give-up')
            throw unavailableError(outcome, exchange.url, who, tries, options);
        else
            return outcome;
    }
}
/** For content that somebody trusted has named; throws what {@link sendPatiently} throws. */
function openDownload(options) {
    return async (url, maxBytes) => {
        const { status, body } = await sendPatiently({ url, headers: {}, maxBytes }, url.host, options);
        return status === 200 ? body : undefined;
    };
}
/**
 * One GET at a registry, redirects followed. The authorization goes to the registry's own origin only, and never along
 * to another.
 * @throws DeployError as {@link sendPatiently}, and REDIRECT_REFUSED
 */
async function getFollowing(fetch, authorization, endpoint, options) {
    const refuse = (to, reason) => (0,src_failures/* verifyError */.q)({
        code: 'REDIRECT_REFUSED',
        message: `${endpoint.registry} redirects to ${to.origin}, which is refused: ${reason}.`,
        hint: 'A registry or a proxy in front of it is set up wrongly, or is not to be trusted.',
    });
    let url = fetch.url;
    let isAway = false;
    let peer;
    for (let hops = 0; hops <= mostRedirects; hops++) {
        const headers = { accept: fetch.accept, ...(authorization === undefined || isAway ? {} : { authorization }) };
        const allowed = isAway ? ['public', peer ?? 'public'] : undefined;
        const answer = await sendPatiently({ url, headers, maxBytes: fetch.maxBytes, allowed }, endpoint.registry, options);
        if (!isAway)
            peer = answer.peer;
        const location = answer.headers.location;
        if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined)
            return { answer, url };
        if (!URL.canParse(location, url.href))
            throw refuse(url, 'its Location is not a URL');
        url = new URL(location, url);
        isAway ||= url.origin !== endpoint.origin.origin;
        const reason = reasonToRefuse(url, endpoint, options);
        if (reason !== undefined)
            throw refuse(url, reason);
    }
    throw refuse(url, `more than ${mostRedirects} redirects in a row`);
}
/** Why a URL that a registry names may not be asked; undefined when it may. Addresses are checked when connecting. */
function reasonToRefuse(url, endpoint, options) {
    if (url.username !== '' || url.password !== '')
        return 'the URL carries credentials';
    if (url.protocol === 'https:')
        return undefined;
    if (url.protocol !== 'http:')
        return `${url.protocol} is not https`;
    const isRegistryItself = endpoint.origin.protocol === 'http:' && url.hostname === endpoint.origin.hostname;
    return isRegistryItself || isPlainAllowed(url, options) ? undefined : 'it is not https';
}
function faultError(fault, url, who, tries) {
    const evidence = [`${url.origin}${url.pathname}: ${fault.message} (${tries} ${tries === 1 ? 'try' : 'tries'})`];
    switch (fault.fault) {
        case 'tls':
            return (0,src_failures/* verifyError */.q)({
                code: 'TLS',
                message: `${who}: no trusted TLS connection to ${url.host}: ${fault.message}.`,
                hint: 'Give the registry’s own CA in `ca-file`; a registry without TLS must be listed in `insecure-registries`.',
                evidence,
            });
        case 'too-large':
            return (0,src_failures/* verifyError */.q)({
                code: 'TOO_LARGE',
                message: `${who}: ${fault.message}.`,
                hint: 'No manifest is that large: look at what answers under this name.',
                evidence,
            });
        case 'address':
            return (0,src_failures/* verifyError */.q)({
                code: 'REALM_REFUSED',
                message: `${who} sends us to ${url.host}, which is refused: ${fault.message}, and the registry is not there itself.`,
                hint: 'A public registry has no business in a private network: nothing was sent there.',
                evidence,
            });
        default:
            return (0,src_failures/* verifyError */.q)({
                code: 'REGISTRY_DOWN',
                message: `${who} could not be reached: ${fault.message} (${tries} ${tries === 1 ? 'try' : 'tries'}).`,
                hint: 'Is the host name right, and may this runner reach it? Nothing was deployed; run again when it answers.',
                evidence,
            });
    }
}
function unavailableError(answer, url, who, tries, { redact }) {
    const evidence = [redact(describeAnswer(url, answer))];
    if (answer.status !== 429) {
        return (0,src_failures/* verifyError */.q)({
            code: 'REGISTRY_DOWN',
            message: `${who} answered ${answer.status} ${tries} times.`,
            hint: 'The registry is in trouble. Nothing was deployed; run again when it has recovered.',
            evidence,
        });
    }
    const left = answer.headers['ratelimit-remaining'];
    const quota = typeof left === 'string' ? `, ${(0,src_failures/* cleanText */.X)(left.split(';')[0] ?? '')} requests left` : '';
    const retryAfter = answer.headers['retry-after'];
    const when = retryAfter === undefined ? '' : `, Retry-After: ${(0,src_failures/* cleanText */.X)(retryAfter)}`;
    return (0,src_failures/* verifyError */.q)({
        code: 'RATE_LIMITED',
        message: `${who} answered 429, too many requests${quota}${when}.`,
        hint: 'Give `registry-username` and `registry-password`: anonymous quotas are shared by everybody on a hosted runner.',
        evidence,
    });
}

;// CONCATENATED MODULE: ./src/registry/authenticator.ts







const tokenBodyBytes = 1024 * 1024;
/** The token specification's default, in seconds. */
const defaultExpirySeconds = 60;
const safetyMs = 10_000;
function openAuthenticator(options) {
    const schemes = new Map();
    const tokens = new Map();
    const pullToken = async (target, scheme) => {
        const key = tokenKey(target);
        const kept = await tokens.get(key)?.catch(() => undefined);
        if (kept !== undefined && kept.validUntilMs > options.clock.now())
            return kept;
        const fresh = fetchToken(target, scheme, options);
        tokens.set(key, fresh);
        return fresh;
    };
    return {
        headerFor: async (target) => {
            const { registry, tokenSource } = target.endpoint;
            const known = tokenSource === undefined ? undefined : { kind: 'bearer', source: tokenSource, allowed: undefined };
            const scheme = schemes.get(registry) ?? known;
            if (scheme === undefined)
                return undefined;
            if (scheme.kind === 'bearer')
                return `Bearer ${(await pullToken(target, scheme)).value}`;
            const credentials = await options.credentialsFor(registry, target.repository);
            return credentials === undefined ? undefined : basicHeader(credentials, options);
        },
        learn: async (target, { answer, url }, sent) => {
            const { endpoint } = target;
            // Whoever answers after a redirect to another host has no claim to this registry's credentials.
            if (url.origin !== endpoint.origin.origin)
                return false;
            const challenges = parseChallenges(answer.headers['www-authenticate'] ?? '');
            const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
            if (sent !== undefined) {
                const isStale = bearer?.parameters.get('error') === 'invalid_token' && tokens.delete(tokenKey(target));
                return isStale;
            }
            if (bearer !== undefined) {
                const source = tokenSourceOf(bearer.parameters, target, options);
                schemes.set(endpoint.registry, { kind: 'bearer', source, allowed: ['public', answer.peer ?? 'public'] });
                return true;
            }
            if (!challenges.some(({ scheme }) => scheme === 'basic'))
                return false;
            const credentials = await options.credentialsFor(endpoint.registry, target.repository);
            if (credentials === undefined)
                throw missingCredentials(target, url, answer);
            schemes.set(endpoint.registry, { kind: 'basic' });
            return true;
        },
    };
}
function tokenKey({ endpoint, repository }) {
    return `${endpoint.registry}/${repository}`;
}
function basicHeader(credentials, { onSecret }) {
    const [username, secret] = credentials.kind === 'password'
        ? [credentials.username, credentials.password]
        : [(credentials.kind === 'identity-token' && credentials.username) || tokenUsername, credentials.token];
    const encoded = Buffer.from(`${username}:${secret}`, 'utf8').toString('base64');
    onSecret(encoded);
    return `Basic ${encoded}`;
}
function missingCredentials(target, url, answer) {
    return (0,src_failures/* verifyError */.q)({
        code: 'AUTH_MISSING',
        message: `${target.endpoint.registry} wants a user name and a password, and none were given for it.`,
        hint: 'Set `registry-username` and `registry-password` (with several registries also `registry`, or `registry-credentials`), or run `docker login` before this step.',
        evidence: [describeAnswer(url, answer)],
    });
}
function tokenSourceOf(parameters, { endpoint }, options) {
    const realm = parameters.get('realm') ?? '';
    const url = URL.canParse(realm) ? new URL(realm) : undefined;
    const reason = url === undefined ? 'it is not a URL' : reasonToRefuse(url, endpoint, options);
    if (url !== undefined && reason === undefined)
        return { realm: url, service: parameters.get('service') };
    throw realmRefused(endpoint.registry, url, reason ?? '');
}
function realmRefused(registry, realm, reason) {
    return (0,src_failures/* verifyError */.q)({
        code: 'REALM_REFUSED',
        message: `${registry} names ${realm?.origin ?? 'something'} as the place to get a token, which is refused: ${reason}.`,
        hint: 'No credentials were sent. The registry or a proxy in front of it is set up wrongly, or is not to be trusted.',
    });
}
/** Fetches a token for pulling this one repository: never a wider scope, whatever the challenge asked for. */
async function fetchToken(target, { source, allowed }, options) {
    const { registry } = target.endpoint;
    const credentials = await options.credentialsFor(registry, target.repository);
    if (credentials?.kind === 'pull-token')
        return { value: credentials.token, validUntilMs: Infinity };
    const realm = source.realm;
    const send = (exchange) => sendPatiently({ ...exchange, maxBytes: tokenBodyBytes, allowed }, registry, options);
    const answer = await askForToken(target, source, credentials, send, options);
    if (answer.status >= 300 && answer.status < 400) {
        throw realmRefused(registry, realm, 'it redirects, and credentials do not follow redirects');
    }
    if (answer.status !== 200)
        throw judgeTokenRefusal(target, realm, answer, credentials?.source, options.redact);
    const token = readToken(answer, options.clock.now());
    if (token === undefined) {
        throw (0,src_failures/* verifyError */.q)({
            code: 'ANSWER_INVALID',
            message: `${registry}: ${realm.origin}${realm.pathname} answered without a token.`,
            hint: 'Look at what answers under this address: a proxy or a login page may be in the way.',
            evidence: [options.redact(describeAnswer(realm, answer))],
        });
    }
    options.onSecret(token.value);
    return token;
}
/**
 * An identity token is exchanged by POST, as OAuth2 has it (distribution's token specification, oauth.md); where that
 * is not known, and for everybody else, by GET.
 */
async function askForToken({ repository }, { realm, service }, credentials, send, options) {
    const scope = `repository:${repository}:pull`;
    const accept = { accept: 'application/json' };
    if (credentials?.kind === 'identity-token') {
        const grant = { grant_type: 'refresh_token', refresh_token: credentials.token, client_id: 'deploy-actions', scope };
        const form = new URLSearchParams({ ...grant, ...(service === undefined ? {} : { service }) });
        const answer = await send({ url: realm, headers: accept, form });
        if (answer.status !== 404 && answer.status !== 405)
            return answer;
    }
    const url = new URL(realm);
    if (service !== undefined)
        url.searchParams.set('service', service);
    url.searchParams.set('scope', scope);
    const authorization = credentials === undefined ? {} : { authorization: basicHeader(credentials, options) };
    return send({ url, headers: { ...accept, ...authorization } });
}
function readToken({ body }, now) {
    const document = (0,registry_json/* parseJson */.qF)(body) ?? {};
    const value = [document['token'], document['access_token']].find((text) => typeof text === 'string' && text !== '');
    // A token goes into a header; a line break in it would be another header.
    if (typeof value !== 'string' || !/^[\x21-\x7e]+$/.test(value))
        return undefined;
    const expiry = document['expires_in'];
    const seconds = typeof expiry === 'number' && expiry > 0 ? expiry : defaultExpirySeconds;
    return { value, validUntilMs: now + Math.max(seconds * 1000 - safetyMs, 1000) };
}

;// CONCATENATED MODULE: ./src/registry/manifest.ts




const manifestTypes = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
];
const indexTypes = [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
];
/**
 * All four types on every request: with one left out GHCR, GitLab and ACR answer 404 for an image that exists, and
 * others answer a schema 1 manifest with another digest.
 */
const manifestAccept = [...indexTypes, ...manifestTypes].join(', ');
const isSchema1Type = (type) => /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/.test(type);
/** Reads a manifest or index; `contentType` is the header as received. */
function parseManifest(bytes, contentType) {
    const document = (0,registry_json/* parseJson */.qF)(bytes);
    const headerType = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
    if (document === undefined)
        return invalid('the body is not a JSON object');
    const bodyType = (0,registry_json/* asText */.e1)(document['mediaType']);
    if (document['schemaVersion'] === 1 || isSchema1Type(headerType) || isSchema1Type(bodyType ?? '')) {
        return { kind: 'schema1', reason: 'it is a Docker schema 1 manifest' };
    }
    const known = [...manifestTypes, ...indexTypes];
    if (bodyType !== undefined && known.includes(headerType) && bodyType !== headerType) {
        // One body read as two things by two clients: CVE-2021-41190.
        return invalid(`Content-Type says ${headerType}, the body says ${bodyType}`);
    }
    const mediaType = bodyType ?? headerType;
    const hasEntries = document['manifests'] !== undefined;
    const hasLayers = document['layers'] !== undefined || document['config'] !== undefined;
    if (hasEntries && hasLayers)
        return invalid('the body is a manifest and an index at once');
    if (indexTypes.includes(mediaType) && hasEntries)
        return parseIndex(document, mediaType);
    if (manifestTypes.includes(mediaType) && hasLayers)
        return parseImage(document, mediaType);
    return invalid(`${JSON.stringify(mediaType)} with ${hasEntries ? 'manifests' : hasLayers ? 'layers' : 'neither'} is no image`);
}
function invalid(reason) {
    return { kind: 'invalid', reason };
}
function parseDescriptor(value) {
    const { mediaType, digest, size } = (0,json/* asObject */.eB)(value);
    const parsed = (0,image_digest/* parseDigest */.m)((0,registry_json/* asText */.e1)(digest) ?? '');
    const sizeBytes = (0,registry_json/* asSize */.ED)(size);
    if (parsed === undefined || sizeBytes === undefined)
        return undefined;
    return { mediaType: (0,registry_json/* asText */.e1)(mediaType) ?? '', digest: parsed, sizeBytes };
}
function parseImage(document, mediaType) {
    const config = parseDescriptor(document['config']);
    const layers = (0,json/* asList */.DD)(document['layers']).map(parseDescriptor);
    if (config === undefined || layers.includes(undefined))
        return invalid('a descriptor has no valid digest or size');
    const sizeBytes = layers.reduce((sum, layer) => sum + (layer?.sizeBytes ?? 0), config.sizeBytes);
    return { kind: 'manifest', mediaType, config, sizeBytes };
}
function parseIndex(document, mediaType) {
    const entries = [];
    for (const value of (0,json/* asList */.DD)(document['manifests'])) {
        const descriptor = parseDescriptor(value);
        if (descriptor === undefined)
            return invalid('an entry of the index has no valid digest or size');
        const { platform, annotations } = (0,json/* asObject */.eB)(value);
        if (isAttestation((0,json/* asObject */.eB)(platform), (0,json/* asObject */.eB)(annotations)))
            continue;
        const { os, architecture, variant } = (0,json/* asObject */.eB)(platform);
        const isKnown = typeof os === 'string' && typeof architecture === 'string';
        entries.push(isKnown ? { ...descriptor, platform: normalisePlatform(os, architecture, (0,registry_json/* asText */.e1)(variant) ?? '') } : descriptor);
    }
    return { kind: 'index', mediaType, entries };
}
function isAttestation(platform, annotations) {
    return platform['os'] === 'unknown' || annotations['vnd.docker.reference.type'] === 'attestation-manifest';
}
function isIndexType(mediaType) {
    return indexTypes.includes(mediaType);
}

;// CONCATENATED MODULE: ./src/registry/registry.ts







/** The OCI specification asks clients to take 4 MiB; real ones are a few KiB. */
const longestBodyBytes = 8 * 1024 * 1024;
function openRegistry(options) {
    const authenticator = openAuthenticator(options);
    /** The first exchange with each registry: the others wait for what it learns, so that one 401 serves all. */
    const meetings = new Map();
    const exchange = async ({ image, path, accept }) => {
        const endpoint = endpointOf(image.registry, options);
        const target = { endpoint, repository: image.repository };
        const fetch = {
            url: new URL(`/v2/${image.repository}/${path}`, endpoint.origin),
            accept,
            maxBytes: longestBodyBytes,
        };
        const send = async () => {
            const sent = await authenticator.headerFor(target);
            const arrival = await getFollowing(fetch, sent, endpoint, options);
            const isWorthAnother = arrival.answer.status === 401 && (await authenticator.learn(target, arrival, sent));
            return { sent, arrival, isWorthAnother };
        };
        const meeting = meetings.get(image.registry);
        if (meeting !== undefined)
            await meeting.catch(() => undefined);
        const first = send();
        if (meeting === undefined && endpoint.tokenSource === undefined)
            meetings.set(image.registry, first);
        return (await first).isWorthAnother ? await send() : await first;
    };
    const ask = async (asked) => {
        const exchanged = await exchange(asked);
        if (exchanged.arrival.answer.status === 200)
            return exchanged.arrival;
        throw await refusalOf(asked, exchanged, options);
    };
    const find = async (asked, absent) => {
        const exchanged = await exchange(asked);
        const { answer } = exchanged.arrival;
        if (answer.status === 200)
            return exchanged.arrival;
        if (absent.includes(answer.status))
            return undefined;
        throw await refusalOf(asked, exchanged, options);
    };
    return registryOf(ask, find);
}
function registryOf(ask, find) {
    return {
        manifest: async (image, reference) => {
            const path = `manifests/${reference}`;
            return readManifest(image, (0,image_digest/* parseDigest */.m)(reference), await ask({ image, reference, path, accept: manifestAccept }));
        },
        child: async (image, { digest }) => {
            const path = `manifests/${digest}`;
            return readManifest(image, digest, await ask({ image, reference: undefined, path, accept: manifestAccept }));
        },
        blob: async (image, { digest }) => {
            const { answer } = await ask({ image, reference: undefined, path: `blobs/${digest}`, accept: '*/*' });
            proveDigest(image, answer.body, digest);
            return answer.body;
        },
        artifact: async (image, reference) => {
            const found = await find({ image, reference, path: `manifests/${reference}`, accept: manifestAccept }, [404]);
            const digest = (0,image_digest/* parseDigest */.m)(reference);
            if (found !== undefined && digest !== undefined)
                proveDigest(image, found.answer.body, digest);
            return found?.answer.body;
        },
        referrers: async (image, digest) => {
            const asked = { image, reference: undefined, path: `referrers/${digest}`, accept: manifestAccept };
            // The manifest itself could be read: whatever this is, it says that there is no such API.
            return (await find(asked, [400, 401, 403, 404, 405, 406, 415, 501]))?.answer.body;
        },
    };
}
async function refusalOf({ image, reference }, { sent, arrival: { answer, url } }, options) {
    const isDenied = answer.status === 401 || answer.status === 403;
    const credentials = isDenied ? await options.credentialsFor(image.registry, image.repository) : undefined;
    const scheme = sent === undefined ? undefined : sent.startsWith('Basic ') ? 'basic' : 'bearer';
    return judgeRefusal({
        image,
        isAway: url.origin !== endpointOf(image.registry, options).origin.origin,
        reference,
        url,
        answer,
        sent: scheme,
        account: credentials?.source,
        redact: options.redact,
    });
}
function readManifest(image, requested, { answer }) {
    const { body, headers } = answer;
    if (requested !== undefined)
        proveDigest(image, body, requested);
    const digest = requested ?? (0,image_digest/* digestOf */.ol)(body);
    const claimed = headers['docker-content-digest'];
    if (typeof claimed === 'string')
        proveHeader(image, body, claimed);
    const document = parseManifest(body, headers['content-type'] ?? '');
    if (document.kind === 'manifest' || document.kind === 'index')
        return { digest, document };
    if (document.kind === 'schema1') {
        throw (0,src_failures/* verifyError */.q)({
            code: 'SCHEMA1',
            message: `${image.text}: ${image.registry} answers a Docker schema 1 manifest, whose digest differs from the image’s own.`,
            hint: 'Push the image again with a current builder, or update the registry.',
        });
    }
    throw (0,src_failures/* verifyError */.q)({
        code: 'ANSWER_INVALID',
        message: `${image.text}: ${image.registry} answered no image manifest: ${(0,src_failures/* cleanText */.X)(document.reason)}.`,
        hint: 'Look at what answers under this name: a proxy or a login page may be in the way.',
    });
}
function proveDigest(image, body, requested) {
    const found = (0,image_digest/* digestOf */.ol)(body, (0,image_digest/* algorithmOf */.Hy)(requested));
    if (found === requested)
        return;
    throw (0,src_failures/* verifyError */.q)({
        code: 'DIGEST_MISMATCH',
        message: `${image.text}: asked for ${requested}, got content that hashes to ${found}.`,
        hint: 'A proxy or the registry altered it. Nothing was deployed: do not deploy from this registry before you know why.',
    });
}
function proveHeader(image, body, claimed) {
    const header = (0,image_digest/* parseDigest */.m)(claimed.trim());
    const found = (0,image_digest/* digestOf */.ol)(body, header === undefined ? 'sha256' : (0,image_digest/* algorithmOf */.Hy)(header));
    if (found === header)
        return;
    throw (0,src_failures/* verifyError */.q)({
        code: 'DIGEST_HEADER_MISMATCH',
        message: `${image.text}: the body hashes to ${found}, the header Docker-Content-Digest says ${(0,src_failures/* cleanText */.X)(claimed)}.`,
        hint: 'A proxy or registry fault, or tampering. Nothing was deployed.',
    });
}

;// CONCATENATED MODULE: ./src/registry/sharing.ts
/** Asks once for what several images have in common; what failed is asked for again. */
function shareRequests(registry) {
    const pending = new Map();
    const share = (key, ask) => {
        const known = pending.get(key);
        if (known !== undefined)
            return known;
        const asked = ask();
        pending.set(key, asked);
        asked.catch(() => pending.delete(key));
        return asked;
    };
    return {
        manifest: (image, reference) => share(`manifest ${image.registry}/${image.repository} ${reference}`, () => registry.manifest(image, reference)),
        child: (image, descriptor) => share(`child ${image.registry}/${image.repository} ${descriptor.digest}`, () => registry.child(image, descriptor)),
        blob: (image, descriptor) => share(`blob ${image.registry}/${image.repository} ${descriptor.digest}`, () => registry.blob(image, descriptor)),
        artifact: (image, reference) => share(`artifact ${image.registry}/${image.repository} ${reference}`, () => registry.artifact(image, reference)),
        referrers: (image, digest) => share(`referrers ${image.registry}/${image.repository} ${digest}`, () => registry.referrers(image, digest)),
    };
}

;// CONCATENATED MODULE: ../kit/src/action/markdown.ts
/** Escapes a text for a cell of a Markdown table in the job summary: no markup, no HTML, no line breaks, no pipes. */
function cell(text) {
    return text
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('|', '\\|')
        .replaceAll(/[`*_[\]]/g, (mark) => `\\${mark}`)
        .replaceAll(/\s*\r?\n\s*/g, ' ');
}
/** Inline code for a cell; the text may hold backticks. */
function code(text) {
    const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
    const fence = '`'.repeat(longest + 1);
    const padding = longest > 0 ? ' ' : '';
    return `${fence}${padding}${text.replaceAll('|', '\\|').replaceAll(/\s*\r?\n\s*/g, ' ')}${padding}${fence}`;
}
/** A Markdown table; cells are Markdown already (use {@link cell} or {@link code} for foreign text). */
function table(header, rows) {
    const line = (cells) => `| ${cells.join(' | ')} |`;
    return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n') + '\n';
}
/** A fenced block for evidence: the fence is longer than any run of backticks inside. */
function block(lines) {
    const text = lines.join('\n');
    const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
    const fence = '`'.repeat(longest + 1);
    return `${fence}text\n${text}\n${fence}\n`;
}

;// CONCATENATED MODULE: ./src/summary.ts



const nothing = '–';
/** The job summary: one row per image and platform, then what failed. */
function renderSummary(outcomes) {
    const verified = outcomes.filter((outcome) => outcome.kind === 'verified');
    const failed = outcomes.filter((outcome) => outcome.kind !== 'verified');
    const title = failed.length === 0 ? 'Images verified' : `Images: ${failed.length} of ${outcomes.length} not verified`;
    const isSigned = verified.some(({ image }) => image.signer !== undefined);
    const rows = verified.flatMap(({ image }) => image.platforms.map((platform) => [
        ...renderRow(image, platform),
        ...(isSigned ? [cell(image.signer ?? nothing)] : []),
    ]));
    const header = ['Image', 'Tag', 'Digest', 'Platform', 'Commit', 'Size', 'Built', ...(isSigned ? ['Signed by'] : [])];
    const good = rows.length === 0 ? '' : `${table(header, rows)}\n`;
    const bad = failed.map(({ request, error }) => [
        cell(nameOf(request)),
        code(request.ref.text),
        code(error.code),
        cell(error.message),
    ]);
    return `### ${title}\n\n${good}${bad.length === 0 ? '' : `${table(['Image', 'Reference', 'Error', 'Observed'], bad)}\n`}`;
}
function renderRow({ request, digest }, platform) {
    const { ref } = request;
    return [
        cell(nameOf(request)),
        ref.tag === undefined ? nothing : code(ref.tag),
        code(digest),
        cell(formatPlatform(platform.platform)),
        platform.revision === undefined ? nothing : code(platform.revision.slice(0, 12)),
        formatSize(platform.sizeBytes),
        platform.created === undefined ? nothing : cell(platform.created.slice(0, 19).replace('T', ' ')),
    ];
}
function nameOf({ target, ref }) {
    return target?.name ?? ref.repository;
}
/** `12.3 MB`, as registries and `docker images` count: powers of ten. */
function formatSize(bytes) {
    if (bytes < 1_000_000)
        return `${Math.ceil(bytes / 1000)} kB`;
    return bytes < 1_000_000_000 ? `${(bytes / 1_000_000).toFixed(1)} MB` : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}
/** The log's line for an image: what it is, and what was proved of it. */
function describeImage({ request, digest, platforms, signer }) {
    const [first] = platforms;
    const name = request.target === undefined ? '' : `${request.target.name}: `;
    const systems = platforms.map(({ platform }) => formatPlatform(platform)).join(', ');
    const signed = signer === undefined ? '' : `, signed by ${signer}`;
    const commit = first?.revision === undefined ? 'no commit label' : `commit ${first.revision.slice(0, 12)}`;
    return `${name}${request.ref.text} is ${(0,image_digest/* shortDigest */.VK)(digest)} (${systems}, ${commit}, ${formatSize(first?.sizeBytes ?? 0)})${signed}`;
}

;// CONCATENATED MODULE: ../kit/src/time/poll.ts
/**
 * Looks again and again until done or until the deadline has passed; the last look happens at the deadline, never
 * after it plus an interval. What `look` throws ends the poll.
 */
async function poll(look, options) {
    const { clock, intervalMs, deadlineMs, signal } = options;
    const start = clock.now();
    for (let tries = 1;; tries++) {
        signal?.throwIfAborted();
        const seen = await look();
        const elapsedMs = clock.now() - start;
        if (seen.done)
            return { kind: 'done', value: seen.value, tries, elapsedMs };
        if (elapsedMs >= deadlineMs)
            return { kind: 'deadline', lastSeen: seen.seen, tries, elapsedMs };
        options.onWait?.(seen.seen, elapsedMs);
        await clock.sleep(Math.min(intervalMs, deadlineMs - elapsedMs), signal);
    }
}

;// CONCATENATED MODULE: ./src/content.ts


function describeContent(config, sizeBytes) {
    const clean = (text) => (text === undefined ? undefined : (0,src_failures/* cleanText */.X)(text));
    return { labels: config.labels, revision: clean(config.revision), created: clean(config.created), sizeBytes };
}
/** Why an image is not the one that is meant: another commit, another label, too old, too large. */
function reasonToRefuseContent({ ref, expectedRevision, expectedLabels }, content, limits, now) {
    const { revision, sizeBytes } = content;
    if (expectedRevision !== undefined && !isSameRevision(expectedRevision, revision ?? '')) {
        return otherRevision(ref, expectedRevision, revision);
    }
    for (const { label, value } of expectedLabels) {
        const found = content.labels.get(label);
        if (found === value)
            continue;
        const seen = found === undefined ? 'is absent' : `is ${JSON.stringify((0,src_failures/* cleanText */.X)(found))}`;
        return (0,src_failures/* verifyError */.q)({
            code: 'LABEL_MISMATCH',
            message: `${ref.text}: the label ${label} ${seen}; \`expect-labels\` says ${JSON.stringify(value)}.`,
            hint: 'Another image than the one meant, or the label is not set when building (BuildKit annotations are no labels).',
        });
    }
    const { maxSizeBytes, maxAgeMs } = limits;
    if (maxSizeBytes !== undefined && sizeBytes > maxSizeBytes) {
        return (0,src_failures/* verifyError */.q)({
            code: 'SIZE_EXCEEDED',
            message: `${ref.text} is ${formatSize(sizeBytes)} to pull; \`max-size-mb\` allows ${formatSize(maxSizeBytes)}.`,
            hint: 'Did a build stage, a cache or a data folder get into the image? Look at its layers.',
        });
    }
    return maxAgeMs === undefined ? undefined : tooOld(ref, content.created, maxAgeMs, now);
}
/** Does the image say it was built from the expected commit? Either may be shortened, to no less than 12 digits. */
function isSameRevision(expected, label) {
    const found = label.toLowerCase();
    return /^[0-9a-f]{12,64}$/.test(found) && (found.startsWith(expected) || expected.startsWith(found));
}
function otherRevision(ref, expected, revision) {
    const found = revision === undefined ? 'has no label org.opencontainers.image.revision' : `was built from ${revision}`;
    return (0,src_failures/* verifyError */.q)({
        code: 'REVISION_MISMATCH',
        message: `${ref.text} ${found}; \`expect-revision\` is ${expected}.`,
        hint: revision === undefined
            ? 'Set the label when building (docker/metadata-action does; BuildKit annotations do not).'
            : 'The tag is stale, or another commit was built under it.',
    });
}
/** An image that does not say when it was built may be any age. */
function tooOld(ref, created, maxAgeMs, now) {
    const builtAt = Date.parse(created ?? '');
    const allowed = `\`max-age\` is ${formatAge(maxAgeMs)}`;
    if (now.getTime() - builtAt <= maxAgeMs)
        return undefined;
    const seen = Number.isNaN(builtAt)
        ? 'does not say when it was built'
        : `was built ${formatAge(now.getTime() - builtAt)} ago (${created ?? ''})`;
    return (0,src_failures/* verifyError */.q)({
        code: 'AGE_EXCEEDED',
        message: `${ref.text} ${seen}; ${allowed}.`,
        hint: 'Build it again, or deploy a newer one. Reproducible builds often set a fixed date: leave `max-age` out for them.',
    });
}
function formatAge(ms) {
    const hours = Math.round(ms / 3_600_000);
    return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`;
}

;// CONCATENATED MODULE: ./src/registry/image-config.ts



const configTypes = ['application/vnd.oci.image.config.v1+json', 'application/vnd.docker.container.image.v1+json'];
/** Helm charts, signatures and other artifacts are manifests too, with another type of config. */
function isImageConfigType(mediaType) {
    return configTypes.includes(mediaType);
}
/** Reads a config blob; undefined when it is none. */
function parseImageConfig(bytes) {
    const document = (0,registry_json/* parseJson */.qF)(bytes);
    if (document === undefined)
        return undefined;
    const { os, architecture, variant, created, config } = document;
    if (typeof os !== 'string' || typeof architecture !== 'string')
        return undefined;
    const labels = new Map(Object.entries((0,json/* asObject */.eB)((0,json/* asObject */.eB)(config)['Labels'])).flatMap(([label, value]) => typeof value === 'string' ? [[label, value]] : []));
    const revision = labels.get('org.opencontainers.image.revision')?.trim();
    const builtAt = (0,registry_json/* asText */.e1)(created);
    return {
        platform: normalisePlatform(os, architecture, (0,registry_json/* asText */.e1)(variant) ?? ''),
        labels,
        ...(revision === undefined || revision === '' ? {} : { revision }),
        ...(builtAt === undefined ? {} : { created: builtAt }),
    };
}

;// CONCATENATED MODULE: ./src/verified-image.ts




/** The entries to look at: those asked for, or the first one (linux/amd64 if there) when any will do. */
function choosePlatforms(entries, wanted, imageText) {
    const find = (platform) => entries.find((entry) => entry.platform !== undefined && isSamePlatform(entry.platform, platform));
    if (wanted.length === 0) {
        const any = find({ os: 'linux', architecture: 'amd64', variant: '' }) ?? entries[0];
        if (any !== undefined)
            return [any];
    }
    const missing = wanted.filter((platform) => find(platform) === undefined);
    if (missing.length === 0 && wanted.length > 0)
        return wanted.flatMap((platform) => find(platform) ?? []);
    const present = entries.map(({ platform }) => platform === undefined ? 'an unnamed platform' : formatPlatform(platform));
    throw missingPlatform(imageText, missing, present, 'The index');
}
/** The error for an image that does not run where it is to run. */
function missingPlatform(imageText, missing, present, subject) {
    const asked = missing.map(formatPlatform).join(', ');
    return (0,src_failures/* verifyError */.q)({
        code: 'PLATFORM_MISSING',
        message: `${imageText}: ${subject} is for ${present.join(', ') || 'no platform'}; ${asked || 'some platform'} was asked for.`,
        hint: `Build it with \`platforms: ${asked || 'linux/amd64'}\`, or set the input \`platforms\` to what the server runs.`,
    });
}
/** The line for the next steps: `service=registry/repository@sha256:…`. */
function imageLine({ request, digest }) {
    return formatImageLine(request.target, pinImage(request.ref, digest));
}
/** The value of the output `platform-digests`: lines `linux/amd64=sha256:…`. */
function platformLines({ platforms }) {
    return platforms.map(({ platform, digest }) => `${formatPlatform(platform)}=${digest}`).join('\n');
}
/** The value of the output `images-json`: what was proved, and what is absent. */
function imagesJson(outcomes) {
    return JSON.stringify(outcomes.map((outcome) => {
        const { request } = outcome;
        const name = request.target?.name ?? null;
        if (outcome.kind !== 'verified')
            return { name, image: formatImageRef(request.ref), exists: false };
        const { digest, mediaType, platforms, signer } = outcome.image;
        return {
            name,
            image: formatImageRef(pinImage(request.ref, digest)),
            exists: true,
            tag: request.ref.tag ?? null,
            digest,
            mediaType,
            revision: platforms[0]?.revision ?? null,
            created: platforms[0]?.created ?? null,
            signer: signer ?? null,
            platforms: platforms.map((one) => ({
                platform: formatPlatform(one.platform),
                digest: one.digest,
                revision: one.revision ?? null,
                created: one.created ?? null,
                sizeBytes: one.sizeBytes,
            })),
        };
    }));
}

;// CONCATENATED MODULE: ./src/verification.ts









const lookAgainMs = 2000;
/**
 * Proves one image: it exists, its content hashes to its digest, it runs on the platforms, it is of the commit.
 * @throws DeployError<VerifyCode>
 */
async function verifyImage(request, options) {
    const root = await findRoot(request.ref, options);
    const { document, digest } = root;
    const { expectedDigest } = request;
    if (expectedDigest !== undefined && expectedDigest !== digest) {
        throw (0,src_failures/* verifyError */.q)({
            code: 'DIGEST_EXPECTED_MISMATCH',
            message: `${request.ref.text} is ${digest}, but \`expect-digest\` is ${expectedDigest}.`,
            hint: 'The tag was moved since that digest was recorded, or it is the digest of one platform instead of the index.',
        });
    }
    const manifests = document.kind === 'index'
        ? await openIndex(request.ref, document, options)
        : [{ digest, document, entry: undefined }];
    const platforms = await Promise.all(manifests.map((manifest) => verifyPlatform(request, manifest, options)));
    const signer = await options.signatures?.verify(request.ref, digest, platforms.map((one) => one.digest));
    return { request, digest, mediaType: document.mediaType, platforms, signer };
}
/** Registries answer 404 for some seconds after a good push (GHCR, Docker Hub, ECR): only that is waited for. */
async function findRoot(ref, options) {
    const { registry, clock, signal, waitTimeout } = options;
    let missing;
    const found = await poll(async () => {
        try {
            return { done: true, value: await registry.manifest(ref, ref.digest ?? ref.tag ?? 'latest') };
        }
        catch (thrown) {
            if (!(thrown instanceof errors/* DeployError */.sH) || thrown.code !== 'TAG_MISSING')
                throw thrown;
            missing = thrown;
            return { done: false, seen: thrown.message };
        }
    }, {
        clock,
        signal,
        intervalMs: lookAgainMs,
        deadlineMs: waitTimeout,
        onWait: (_seen, elapsedMs) => options.onWait(`${ref.text} is not there yet; waiting up to ${formatDuration(waitTimeout)} (${formatDuration(elapsedMs)} so far)`),
    });
    if (found.kind === 'done')
        return found.value;
    const waited = waitTimeout === 0 ? '' : ` Waited ${formatDuration(waitTimeout)} for it.`;
    throw (0,src_failures/* verifyError */.q)({
        code: 'TAG_MISSING',
        message: `${found.lastSeen}${waited}`,
        ...(missing?.hint === undefined ? {} : { hint: missing.hint }),
        evidence: missing?.evidence ?? [],
    });
}
async function openIndex(ref, index, options) {
    const entries = await flattenIndex(ref, index, options.registry);
    const chosen = choosePlatforms(entries, options.platforms, ref.text);
    return Promise.all(chosen.map(async (entry) => {
        const { digest, document } = await options.registry.child(ref, entry);
        if (document.kind === 'manifest')
            return { digest, document, entry };
        throw notAnImage(ref, 'the index refers to an index where an image is due');
    }));
}
/** Indexes inside an index are opened one level deep. */
async function flattenIndex(ref, index, registry) {
    const entries = await Promise.all(index.entries.map(async (entry) => {
        if (!isIndexType(entry.mediaType))
            return [entry];
        const { document } = await registry.child(ref, entry);
        return document.kind === 'index' ? document.entries.filter(({ mediaType }) => !isIndexType(mediaType)) : [];
    }));
    return entries.flat();
}
async function verifyPlatform(request, { digest, document, entry }, { registry, platforms, limits, clock }) {
    const { ref } = request;
    const { config: descriptor, sizeBytes } = document;
    if (!isImageConfigType(descriptor.mediaType)) {
        throw notAnImage(ref, `its config is ${JSON.stringify((0,src_failures/* cleanText */.X)(descriptor.mediaType))}`);
    }
    const config = parseImageConfig(await registry.blob(ref, descriptor));
    if (config === undefined)
        throw notAnImage(ref, 'its config names no platform');
    const { platform } = config;
    const expected = entry?.platform;
    if (expected === undefined && platforms.length > 0) {
        const missing = platforms.filter((wanted) => !isSamePlatform(wanted, platform));
        if (missing.length > 0)
            throw missingPlatform(ref.text, missing, [formatPlatform(platform)], 'The image');
    }
    // Variants are left out of many configs, never of an index.
    if (expected !== undefined && (expected.os !== platform.os || expected.architecture !== platform.architecture)) {
        const present = [formatPlatform(platform)];
        throw missingPlatform(ref.text, [expected], present, 'What the index offers for it');
    }
    const seen = describeContent(config, sizeBytes);
    const refusal = reasonToRefuseContent(request, seen, limits, clock.date());
    if (refusal !== undefined)
        throw refusal;
    const { revision, created } = seen;
    return { platform: expected ?? platform, digest, revision, created, sizeBytes };
}
function notAnImage(ref, reason) {
    return (0,src_failures/* verifyError */.q)({
        code: 'NOT_AN_IMAGE',
        message: `${ref.text} is no container image: ${reason}.`,
        hint: 'Charts, signatures and other artifacts live in registries too. Check the name.',
    });
}

;// CONCATENATED MODULE: ./src/main.ts


















/** Each image is two requests, one after the other: more at once than connections would only wait. */
const imagesAtOnce = 20;
/** Proves each image against its registry, and hands the next steps references that cannot change. */
async function run({ runner, signal }, clock = systemClock) {
    const inputs = loadInputs(inputReader(runner), runner);
    const http = openHttp({ ca: inputs.ca, proxy: findProxySettings(runner) });
    const start = clock.now();
    try {
        const context = { runner, signal };
        const doors = openDoors(inputs, http, context, clock);
        const signatures = await openSignatures(inputs, doors, signal);
        const outcomes = await runner.group('Verify images', () => verifyAll(inputs, doors.registry, signatures, context, clock));
        runner.info(`${http.count()} requests in ${formatDuration(clock.now() - start)}`);
        await runner.summary(renderSummary(outcomes));
        report(runner, outcomes);
    }
    finally {
        runner.output('requests', String(http.count()));
        http.close();
    }
}
function findProxySettings(runner) {
    const settings = readProxySettings((name) => runner.env(name));
    if (settings.https === undefined && settings.http === undefined)
        return undefined;
    for (const url of [settings.https, settings.http]) {
        if (url !== undefined && URL.canParse(url))
            maskSecret(runner, new URL(url).password);
    }
    if (canUseProxies(process.versions.node))
        return settings;
    runner.warning(`A proxy is set in the environment, but Node ${process.versions.node} of this runner cannot use it.`);
    return undefined;
}
function openDoors(inputs, http, { runner, signal }, clock) {
    const secrets = [];
    const onSecret = (secret) => {
        if (secrets.includes(secret))
            return;
        maskSecret(runner, secret);
        secrets.push(secret);
    };
    const store = openCredentialStore({
        given: inputs.credentials,
        env: (name) => runner.env(name),
        timeoutMs: inputs.timeout,
        signal,
        onSecret,
        onWarning: (message) => runner.warning(redact(message, secrets)),
    });
    const options = {
        http,
        clock,
        signal,
        timeoutMs: inputs.timeout,
        retries: inputs.retries,
        insecureRegistries: inputs.insecureRegistries,
        hasOwnCa: inputs.ca !== undefined,
        credentialsFor: (registry, repository) => store.find(registry, repository),
        onSecret,
        redact: (text) => redact(text, secrets),
    };
    return { registry: shareRequests(openRegistry(options)), download: openDownload(options) };
}
/** The Sigstore libraries are loaded by those who ask for signatures, and cost nobody else anything. */
async function openSignatures({ signature: policy, timeout: timeoutMs }, { registry, download }, signal) {
    if (policy.kind === 'none')
        return undefined;
    const { openSignatureVerifier } = await Promise.all(/* import() */[__nccwpck_require__.e(225), __nccwpck_require__.e(46)]).then(__nccwpck_require__.bind(__nccwpck_require__, 5046));
    return openSignatureVerifier({ registry, policy, signal, timeoutMs, download });
}
async function verifyAll(inputs, registry, signatures, { runner, signal }, clock) {
    const { platforms, waitTimeout, onMissing } = inputs;
    const limits = { maxAgeMs: inputs.maxAge, maxSizeBytes: inputs.maxSizeBytes };
    const onWait = (message) => runner.info(message);
    const options = { registry, clock, signal, platforms, limits, signatures, waitTimeout, onWait };
    return runBounded(inputs.images, imagesAtOnce, async (request) => {
        try {
            const image = await verifyImage(request, options);
            runner.info(describeImage(image));
            return { kind: 'verified', request, image };
        }
        catch (thrown) {
            signal.throwIfAborted();
            if (!isVerifyError(thrown))
                throw thrown;
            runner.info(`${request.ref.text}: ${thrown.code}`);
            const isAllowed = onMissing === 'output' && thrown.code === 'TAG_MISSING';
            return { kind: isAllowed ? 'missing' : 'failed', request, error: thrown };
        }
    });
}
function isVerifyError(thrown) {
    return thrown instanceof errors/* DeployError */.sH;
}
/** The references are set only when every image is proved: half a set of digests deploys half a release. */
function report(runner, outcomes) {
    const errors = outcomes.flatMap((outcome) => (outcome.kind === 'verified' ? [] : [outcome.error]));
    const failures = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.error] : []));
    // Whoever was refused does not know whether it exists: then there is no answer at all.
    if (errors.every(({ code }) => code === 'TAG_MISSING'))
        runner.output('exists', String(errors.length === 0));
    const [failure, ...others] = failures;
    if (failure !== undefined) {
        const evidence = [...failure.evidence, ...others.flatMap((other) => [`also: ${other.message}`, ...other.evidence])];
        const { code, message, hint } = failure;
        throw (0,src_failures/* verifyError */.q)({ code, message, ...(hint === undefined ? {} : { hint }), evidence, cause: failure });
    }
    runner.output('images-json', imagesJson(outcomes));
    for (const { message } of errors)
        runner.notice(`${message} The output \`exists\` is false.`);
    if (errors.length > 0)
        return;
    const images = outcomes.flatMap((outcome) => (outcome.kind === 'verified' ? [outcome.image] : []));
    runner.output('images', images.map(imageLine).join('\n'));
    const [first] = images;
    if (first === undefined)
        return;
    runner.output('digest', first.digest);
    runner.output('ref', formatImageRef(pinImage(first.request.ref, first.digest)));
    runner.output('revision', first.platforms[0]?.revision ?? '');
    runner.output('created', first.platforms[0]?.created ?? '');
    runner.output('platform-digests', platformLines(first));
}

;// CONCATENATED MODULE: ./src/index.ts


void runStep(run);

module.exports = __webpack_exports__;
/******/ })()
;