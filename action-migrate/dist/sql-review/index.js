/******/ (() => { // webpackBootstrap
/******/ 	var __webpack_modules__ = ({

/***/ 241:
/***/ ((module, __unused_webpack_exports, __nccwpck_require__) => {

var PgQueryModule=(()=>{var _scriptName=globalThis.document?.currentScript?.src;return async function(moduleArg={}){var Module=moduleArg;var ENVIRONMENT_IS_WEB=!!globalThis.window;var ENVIRONMENT_IS_WORKER=!!globalThis.WorkerGlobalScope;var ENVIRONMENT_IS_NODE=globalThis.process?.versions?.node&&globalThis.process?.type!="renderer";var programArgs=[];var thisProgram="./this.program";var quit_=(status,toThrow)=>{throw toThrow};if(typeof __filename!="undefined"){_scriptName=__filename}else if(ENVIRONMENT_IS_WORKER){_scriptName=self.location.href}var scriptDirectory="";function locateFile(path){if(Module["locateFile"]){return Module["locateFile"](path,scriptDirectory)}return scriptDirectory+path}var readAsync,readBinary;if(ENVIRONMENT_IS_NODE){var fs=__nccwpck_require__(24);scriptDirectory=__dirname+"/";readBinary=filename=>{filename=isFileURI(filename)?new URL(filename):filename;var ret=fs.readFileSync(filename);return ret};readAsync=async(filename,binary=true)=>{filename=isFileURI(filename)?new URL(filename):filename;var ret=fs.readFileSync(filename,binary?undefined:"utf8");return ret};if(process.argv.length>1){thisProgram=process.argv[1].replace(/\\/g,"/")}programArgs=process.argv.slice(2);quit_=(status,toThrow)=>{process.exitCode=status;throw toThrow}}else if(ENVIRONMENT_IS_WEB||ENVIRONMENT_IS_WORKER){try{scriptDirectory=new URL(".",_scriptName).href}catch{}{if(ENVIRONMENT_IS_WORKER){readBinary=url=>{var xhr=new XMLHttpRequest;xhr.open("GET",url,false);xhr.responseType="arraybuffer";xhr.send(null);return new Uint8Array(xhr.response)}}readAsync=async url=>{var response=await fetch(url,{credentials:"same-origin"});if(response.ok){return response.arrayBuffer()}throw new Error(response.status+" : "+response.url)}}}else{}var out=console.log.bind(console);var err=console.error.bind(console);var wasmBinary;var ABORT=false;var EXITSTATUS;var isFileURI=filename=>filename.startsWith("file://");class EmscriptenEH{}class EmscriptenSjLj extends EmscriptenEH{}var runtimeInitialized=false;function getMemoryBuffer(){return wasmMemory.buffer}function updateMemoryViews(){if(HEAP8?.buffer?.resizable)return;var b=getMemoryBuffer();HEAP8=new Int8Array(b);HEAP16=new Int16Array(b);Module["HEAPU8"]=HEAPU8=new Uint8Array(b);HEAPU16=new Uint16Array(b);HEAP32=new Int32Array(b);Module["HEAPU32"]=HEAPU32=new Uint32Array(b);HEAPF32=new Float32Array(b);HEAPF64=new Float64Array(b);HEAP64=new BigInt64Array(b);HEAPU64=new BigUint64Array(b)}function preRun(){var preRun=Module["preRun"];if(preRun){if(typeof preRun=="function")preRun=[preRun];onPreRuns.push(...preRun)}callRuntimeCallbacks(onPreRuns)}function initRuntime(){runtimeInitialized=true;if(!Module["noFSInit"]&&!FS.initialized)FS.init();TTY.init();wasmExports["A"]();FS.ignorePermissions=false}function postRun(){var postRun=Module["postRun"];if(postRun){if(typeof postRun=="function")postRun=[postRun];onPostRuns.push(...postRun)}callRuntimeCallbacks(onPostRuns)}function abort(what){Module["onAbort"]?.(what);what=`Aborted(${what})`;err(what);ABORT=true;what+=". Build with -sASSERTIONS for more info.";var e=new WebAssembly.RuntimeError(what);throw e}var wasmBinaryFile;function findWasmBinary(){return locateFile("libpg-query.wasm")}function getBinarySync(file){if(readBinary){return readBinary(file)}throw"both async and sync fetching of the wasm failed"}async function getWasmBinary(binaryFile){if(!wasmBinary){try{var response=await readAsync(binaryFile);return new Uint8Array(response)}catch{}}return getBinarySync(binaryFile)}async function instantiateArrayBuffer(binaryFile,imports){try{var binary=await getWasmBinary(binaryFile);var instance=await WebAssembly.instantiate(binary,imports);return instance}catch(reason){err(`failed to asynchronously prepare wasm: ${reason}`);abort(reason)}}async function instantiateAsync(binary,binaryFile,imports){if(!binary&&!ENVIRONMENT_IS_NODE){try{var response=fetch(binaryFile,{credentials:"same-origin"});var instantiationResult=await WebAssembly.instantiateStreaming(response,imports);return instantiationResult}catch(reason){err(`wasm streaming compile failed: ${reason}`);err("falling back to ArrayBuffer instantiation")}}return instantiateArrayBuffer(binaryFile,imports)}function getWasmImports(){var imports={a:wasmImports};return imports}async function createWasm(){function receiveInstance(instance){wasmExports=instance.exports;assignWasmExports(wasmExports);updateMemoryViews();return wasmExports}function receiveInstantiationResult(result){return receiveInstance(result["instance"])}var info=getWasmImports();var instantiateWasm=Module["instantiateWasm"];if(instantiateWasm){return new Promise(resolve=>{instantiateWasm(info,inst=>resolve(receiveInstance(inst)))})}wasmBinaryFile??=findWasmBinary();var result=await instantiateAsync(wasmBinary,wasmBinaryFile,info);var exports=receiveInstantiationResult(result);return exports}class ExitStatus{name="ExitStatus";constructor(status){this.message=`Program terminated with exit(${status})`;this.status=status}}var HEAP16;var HEAP32;var HEAP64;var HEAP8;var HEAPF32;var HEAPF64;var HEAPU16;var HEAPU32;var HEAPU64;var HEAPU8;var callRuntimeCallbacks=callbacks=>{while(callbacks.length>0){callbacks.shift()(Module)}};var onPostRuns=[];var onPreRuns=[];function getValue(ptr,type="i8"){if(type.endsWith("*"))type="*";switch(type){case"i1":return HEAP8[ptr];case"i8":return HEAP8[ptr];case"i16":return HEAP16[ptr>>1];case"i32":return HEAP32[ptr>>2];case"i64":return HEAP64[ptr>>3];case"float":return HEAPF32[ptr>>2];case"double":return HEAPF64[ptr>>3];case"*":return HEAPU32[ptr>>2];default:abort(`invalid type for getValue: ${type}`)}}var noExitRuntime=true;var stackRestore=val=>__emscripten_stack_restore(val);var stackSave=()=>_emscripten_stack_get_current();var UTF8Decoder=globalThis.TextDecoder&&new TextDecoder;var findStringEnd=(heapOrArray,idx,maxBytesToRead,ignoreNul)=>{var maxIdx=idx+maxBytesToRead;if(ignoreNul)return maxIdx;while(heapOrArray[idx]&&!(idx>=maxIdx))++idx;return idx};var UTF8ArrayToString=(heapOrArray,idx=0,maxBytesToRead,ignoreNul)=>{var endPtr=findStringEnd(heapOrArray,idx,maxBytesToRead,ignoreNul);if(endPtr-idx>16&&heapOrArray.buffer&&UTF8Decoder){return UTF8Decoder.decode(heapOrArray.subarray(idx,endPtr))}var str="";while(idx<endPtr){var u0=heapOrArray[idx++];if(!(u0&128)){str+=String.fromCharCode(u0);continue}var u1=heapOrArray[idx++]&63;if((u0&224)==192){str+=String.fromCharCode((u0&31)<<6|u1);continue}var u2=heapOrArray[idx++]&63;if((u0&240)==224){u0=(u0&15)<<12|u1<<6|u2}else{u0=(u0&7)<<18|u1<<12|u2<<6|heapOrArray[idx++]&63}if(u0<65536){str+=String.fromCharCode(u0)}else{var ch=u0-65536;str+=String.fromCharCode(55296|ch>>10,56320|ch&1023)}}return str};var UTF8ToString=(ptr,maxBytesToRead,ignoreNul)=>ptr?UTF8ArrayToString(HEAPU8,ptr,maxBytesToRead,ignoreNul):"";var ___assert_fail=(condition,filename,line,func)=>abort(`Assertion failed: ${UTF8ToString(condition)}, at: `+[filename?UTF8ToString(filename):"unknown filename",line,func?UTF8ToString(func):"unknown function"]);var __abort_js=()=>abort("");var runtimeKeepaliveCounter=0;var __emscripten_runtime_keepalive_clear=()=>{noExitRuntime=false;runtimeKeepaliveCounter=0};var __emscripten_throw_longjmp=()=>{throw new EmscriptenSjLj};var timers={};var handleException=e=>{if(e instanceof ExitStatus||e=="unwind"){return EXITSTATUS}quit_(1,e)};var keepRuntimeAlive=()=>noExitRuntime||runtimeKeepaliveCounter>0;var _proc_exit=code=>{EXITSTATUS=code;if(!keepRuntimeAlive()){Module["onExit"]?.(code);ABORT=true}quit_(code,new ExitStatus(code))};var exitJS=(status,implicit)=>{EXITSTATUS=status;_proc_exit(status)};var _exit=exitJS;var maybeExit=()=>{if(!keepRuntimeAlive()){try{_exit(EXITSTATUS)}catch(e){handleException(e)}}};var callUserCallback=func=>{if(ABORT){return}try{return func()}catch(e){handleException(e)}finally{maybeExit()}};var _emscripten_get_now=()=>performance.now();var __setitimer_js=(which,timeout_ms)=>{if(timers[which]){clearTimeout(timers[which].id);delete timers[which]}if(!timeout_ms)return 0;var id=setTimeout(()=>{delete timers[which];callUserCallback(()=>__emscripten_timeout(which,_emscripten_get_now()))},timeout_ms);timers[which]={id,timeout_ms};return 0};var getHeapMax=()=>1073741824;var alignMemory=(size,alignment)=>Math.ceil(size/alignment)*alignment;var growMemory=size=>{var oldHeapSize=wasmMemory.buffer.byteLength;var pages=(size-oldHeapSize+65535)/65536|0;try{wasmMemory.grow(pages);updateMemoryViews();return 1}catch(e){}};var _emscripten_resize_heap=requestedSize=>{var oldSize=HEAPU8.length;requestedSize>>>=0;var maxHeapSize=getHeapMax();if(requestedSize>maxHeapSize){return false}for(var cutDown=1;cutDown<=4;cutDown*=2){var overGrownHeapSize=oldSize*(1+.2/cutDown);overGrownHeapSize=Math.min(overGrownHeapSize,requestedSize+100663296);var newSize=Math.min(maxHeapSize,alignMemory(Math.max(requestedSize,overGrownHeapSize),65536));var replacement=growMemory(newSize);if(replacement){return true}}return false};var PATH={isAbs:path=>path.charAt(0)==="/",splitPath:filename=>{var splitPathRe=/^(\/?|)([\s\S]*?)((?:\.{1,2}|[^\/]+?|)(\.[^.\/]*|))(?:[\/]*)$/;return splitPathRe.exec(filename).slice(1)},normalizeArray:(parts,allowAboveRoot)=>{var up=0;for(var i=parts.length-1;i>=0;i--){var last=parts[i];if(last==="."){parts.splice(i,1)}else if(last===".."){parts.splice(i,1);up++}else if(up){parts.splice(i,1);up--}}if(allowAboveRoot){for(;up;up--){parts.unshift("..")}}return parts},normalize:path=>{var isAbsolute=PATH.isAbs(path),trailingSlash=path.slice(-1)==="/";path=PATH.normalizeArray(path.split("/").filter(p=>!!p),!isAbsolute).join("/");if(!path&&!isAbsolute){path="."}if(path&&trailingSlash){path+="/"}return(isAbsolute?"/":"")+path},dirname:path=>{var result=PATH.splitPath(path),root=result[0],dir=result[1];if(!root&&!dir){return"."}if(dir){dir=dir.slice(0,-1)}return root+dir},basename:path=>path&&path.match(/([^\/]+|\/)\/*$/)[1],join:(...paths)=>PATH.normalize(paths.join("/")),join2:(l,r)=>PATH.normalize(l+"/"+r)};var initRandomFill=()=>{if(ENVIRONMENT_IS_NODE){var nodeCrypto=__nccwpck_require__(598);return view=>(nodeCrypto.randomFillSync(view),0)}return view=>(crypto.getRandomValues(view),0)};var randomFill=view=>(randomFill=initRandomFill())(view);var PATH_FS={resolve:(...args)=>{var resolvedPath="",resolvedAbsolute=false;for(var i=args.length-1;i>=-1&&!resolvedAbsolute;i--){var path=i>=0?args[i]:FS.cwd();if(typeof path!="string"){throw new TypeError("Arguments to path.resolve must be strings")}else if(!path){return""}resolvedPath=path+"/"+resolvedPath;resolvedAbsolute=PATH.isAbs(path)}resolvedPath=PATH.normalizeArray(resolvedPath.split("/").filter(p=>!!p),!resolvedAbsolute).join("/");return(resolvedAbsolute?"/":"")+resolvedPath||"."},relative:(from,to)=>{from=PATH_FS.resolve(from).slice(1);to=PATH_FS.resolve(to).slice(1);function trim(arr){var start=0;for(;start<arr.length;start++){if(arr[start]!=="")break}var end=arr.length-1;for(;end>=0;end--){if(arr[end]!=="")break}if(start>end)return[];return arr.slice(start,end-start+1)}var fromParts=trim(from.split("/"));var toParts=trim(to.split("/"));var length=Math.min(fromParts.length,toParts.length);var samePartsLength=length;for(var i=0;i<length;i++){if(fromParts[i]!==toParts[i]){samePartsLength=i;break}}var outputParts=[];for(var i=samePartsLength;i<fromParts.length;i++){outputParts.push("..")}outputParts=outputParts.concat(toParts.slice(samePartsLength));return outputParts.join("/")}};var FS_stdin_getChar_buffer=[];var lengthBytesUTF8=str=>{var len=0;for(var i=0;i<str.length;++i){var c=str.charCodeAt(i);if(c<=127){len++}else if(c<=2047){len+=2}else if(c>=55296&&c<=57343){len+=4;++i}else{len+=3}}return len};var stringToUTF8Array=(str,heap,outIdx,maxBytesToWrite)=>{if(!(maxBytesToWrite>0))return 0;var startIdx=outIdx;var endIdx=outIdx+maxBytesToWrite-1;for(var i=0;i<str.length;++i){var u=str.codePointAt(i);if(u<=127){if(outIdx>=endIdx)break;heap[outIdx++]=u}else if(u<=2047){if(outIdx+1>=endIdx)break;heap[outIdx++]=192|u>>6;heap[outIdx++]=128|u&63}else if(u<=65535){if(outIdx+2>=endIdx)break;heap[outIdx++]=224|u>>12;heap[outIdx++]=128|u>>6&63;heap[outIdx++]=128|u&63}else{if(outIdx+3>=endIdx)break;heap[outIdx++]=240|u>>18;heap[outIdx++]=128|u>>12&63;heap[outIdx++]=128|u>>6&63;heap[outIdx++]=128|u&63;i++}}heap[outIdx]=0;return outIdx-startIdx};var intArrayFromString=(stringy,dontAddNull,length)=>{var len=length>0?length:lengthBytesUTF8(stringy)+1;var u8array=new Array(len);var numBytesWritten=stringToUTF8Array(stringy,u8array,0,u8array.length);if(dontAddNull)u8array.length=numBytesWritten;return u8array};var FS_stdin_getChar=()=>{if(!FS_stdin_getChar_buffer.length){var result=null;if(ENVIRONMENT_IS_NODE){var BUFSIZE=256;var buf=Buffer.alloc(BUFSIZE);var bytesRead=0;var fd=process.stdin.fd;try{bytesRead=fs.readSync(fd,buf,0,BUFSIZE)}catch(e){if(e.toString().includes("EOF"))bytesRead=0;else throw e}if(bytesRead>0){result=buf.slice(0,bytesRead).toString("utf-8")}}else if(globalThis.window?.prompt){result=window.prompt("Input: ");if(result!==null){result+="\n"}}else{}if(!result){return null}FS_stdin_getChar_buffer=intArrayFromString(result,true)}return FS_stdin_getChar_buffer.shift()};var TTY={ttys:[],init(){},shutdown(){},register(dev,ops){TTY.ttys[dev]={input:[],output:[],ops};FS.registerDevice(dev,TTY.stream_ops)},stream_ops:{open(stream){var tty=TTY.ttys[stream.node.rdev];if(!tty){throw new FS.ErrnoError(43)}stream.tty=tty;stream.seekable=false},close(stream){stream.tty.ops.fsync(stream.tty)},fsync(stream){stream.tty.ops.fsync(stream.tty)},read(stream,buffer,offset,length,pos){if(!stream.tty||!stream.tty.ops.get_char){throw new FS.ErrnoError(60)}var bytesRead=0;for(var i=0;i<length;i++){var result;try{result=stream.tty.ops.get_char(stream.tty)}catch(e){throw new FS.ErrnoError(29)}if(result===undefined&&bytesRead===0){throw new FS.ErrnoError(6)}if(result===null||result===undefined)break;bytesRead++;buffer[offset+i]=result}if(bytesRead){stream.node.atime=Date.now()}return bytesRead},write(stream,buffer,offset,length,pos){if(!stream.tty||!stream.tty.ops.put_char){throw new FS.ErrnoError(60)}try{for(var i=0;i<length;i++){stream.tty.ops.put_char(stream.tty,buffer[offset+i])}}catch(e){throw new FS.ErrnoError(29)}if(length){stream.node.mtime=stream.node.ctime=Date.now()}return i}},default_tty_ops:{get_char(tty){return FS_stdin_getChar()},put_char(tty,val){if(val===null||val===10){out(UTF8ArrayToString(tty.output));tty.output=[]}else{if(val!=0)tty.output.push(val)}},fsync(tty){if(tty.output?.length>0){out(UTF8ArrayToString(tty.output));tty.output=[]}},ioctl_tcgets(tty){return{c_iflag:25856,c_oflag:5,c_cflag:191,c_lflag:35387,c_cc:[3,28,127,21,4,0,1,0,17,19,26,0,18,15,23,22,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}},ioctl_tcsets(tty,optional_actions,data){return 0},ioctl_tiocgwinsz(tty){return[24,80]}},default_tty1_ops:{put_char(tty,val){if(val===null||val===10){err(UTF8ArrayToString(tty.output));tty.output=[]}else{if(val!=0)tty.output.push(val)}},fsync(tty){if(tty.output?.length>0){err(UTF8ArrayToString(tty.output));tty.output=[]}}}};var mmapAlloc=size=>{abort()};var MEMFS={ops_table:null,mount(mount){return MEMFS.createNode(null,"/",16895,0)},createNode(parent,name,mode,dev){if(FS.isBlkdev(mode)||FS.isFIFO(mode)){throw new FS.ErrnoError(63)}MEMFS.ops_table||={dir:{node:{getattr:MEMFS.node_ops.getattr,setattr:MEMFS.node_ops.setattr,lookup:MEMFS.node_ops.lookup,mknod:MEMFS.node_ops.mknod,rename:MEMFS.node_ops.rename,unlink:MEMFS.node_ops.unlink,rmdir:MEMFS.node_ops.rmdir,readdir:MEMFS.node_ops.readdir,symlink:MEMFS.node_ops.symlink},stream:{llseek:MEMFS.stream_ops.llseek}},file:{node:{getattr:MEMFS.node_ops.getattr,setattr:MEMFS.node_ops.setattr},stream:{llseek:MEMFS.stream_ops.llseek,read:MEMFS.stream_ops.read,write:MEMFS.stream_ops.write,mmap:MEMFS.stream_ops.mmap,msync:MEMFS.stream_ops.msync}},link:{node:{getattr:MEMFS.node_ops.getattr,setattr:MEMFS.node_ops.setattr,readlink:MEMFS.node_ops.readlink},stream:{}},chrdev:{node:{getattr:MEMFS.node_ops.getattr,setattr:MEMFS.node_ops.setattr},stream:FS.chrdev_stream_ops}};var node=FS.createNode(parent,name,mode,dev);if(FS.isDir(node.mode)){node.node_ops=MEMFS.ops_table.dir.node;node.stream_ops=MEMFS.ops_table.dir.stream;node.contents={}}else if(FS.isFile(node.mode)){node.node_ops=MEMFS.ops_table.file.node;node.stream_ops=MEMFS.ops_table.file.stream;node.usedBytes=0;node.contents=MEMFS.emptyFileContents??=new Uint8Array(0)}else if(FS.isLink(node.mode)){node.node_ops=MEMFS.ops_table.link.node;node.stream_ops=MEMFS.ops_table.link.stream}else if(FS.isChrdev(node.mode)){node.node_ops=MEMFS.ops_table.chrdev.node;node.stream_ops=MEMFS.ops_table.chrdev.stream}node.atime=node.mtime=node.ctime=Date.now();if(parent){parent.contents[name]=node;parent.atime=parent.mtime=parent.ctime=node.atime}return node},getFileDataAsTypedArray(node){return node.contents.subarray(0,node.usedBytes)},expandFileStorage(node,newCapacity){var prevCapacity=node.contents.length;if(prevCapacity>=newCapacity)return;var CAPACITY_DOUBLING_MAX=1024*1024;newCapacity=Math.max(newCapacity,prevCapacity*(prevCapacity<CAPACITY_DOUBLING_MAX?2:1.125)>>>0);if(prevCapacity)newCapacity=Math.max(newCapacity,256);var oldContents=MEMFS.getFileDataAsTypedArray(node);node.contents=new Uint8Array(newCapacity);node.contents.set(oldContents)},resizeFileStorage(node,newSize){if(node.usedBytes==newSize)return;var oldContents=node.contents;node.contents=new Uint8Array(newSize);node.contents.set(oldContents.subarray(0,Math.min(newSize,node.usedBytes)));node.usedBytes=newSize},node_ops:{getattr(node){var attr={};attr.dev=FS.isChrdev(node.mode)?node.id:1;attr.ino=node.id;attr.mode=node.mode;attr.nlink=1;attr.uid=0;attr.gid=0;attr.rdev=node.rdev;if(FS.isDir(node.mode)){attr.size=4096}else if(FS.isFile(node.mode)){attr.size=node.usedBytes}else if(FS.isLink(node.mode)){attr.size=node.link.length}else{attr.size=0}attr.atime=new Date(node.atime);attr.mtime=new Date(node.mtime);attr.ctime=new Date(node.ctime);attr.blksize=4096;attr.blocks=Math.ceil(attr.size/attr.blksize);return attr},setattr(node,attr){for(const key of["mode","atime","mtime","ctime"]){if(attr[key]!=null){node[key]=attr[key]}}if(attr.size!==undefined){MEMFS.resizeFileStorage(node,attr.size)}},lookup(parent,name){if(!MEMFS.doesNotExistError){MEMFS.doesNotExistError=new FS.ErrnoError(44);MEMFS.doesNotExistError.stack="<generic error, no stack>"}throw MEMFS.doesNotExistError},mknod(parent,name,mode,dev){return MEMFS.createNode(parent,name,mode,dev)},rename(old_node,new_dir,new_name){var new_node;try{new_node=FS.lookupNode(new_dir,new_name)}catch(e){}if(new_node){if(FS.isDir(old_node.mode)){for(var i in new_node.contents){throw new FS.ErrnoError(55)}}FS.hashRemoveNode(new_node)}delete old_node.parent.contents[old_node.name];new_dir.contents[new_name]=old_node;old_node.name=new_name;new_dir.ctime=new_dir.mtime=old_node.parent.ctime=old_node.parent.mtime=Date.now()},unlink(parent,name){delete parent.contents[name];parent.ctime=parent.mtime=Date.now()},rmdir(parent,name){var node=FS.lookupNode(parent,name);for(var i in node.contents){throw new FS.ErrnoError(55)}delete parent.contents[name];parent.ctime=parent.mtime=Date.now()},readdir(node){return[".","..",...Object.keys(node.contents)]},symlink(parent,newname,oldpath){var node=MEMFS.createNode(parent,newname,511|40960,0);node.link=oldpath;return node},readlink(node){if(!FS.isLink(node.mode)){throw new FS.ErrnoError(28)}return node.link}},stream_ops:{read(stream,buffer,offset,length,position){var contents=stream.node.contents;if(position>=stream.node.usedBytes)return 0;var size=Math.min(stream.node.usedBytes-position,length);buffer.set(contents.subarray(position,position+size),offset);return size},write(stream,buffer,offset,length,position,canOwn){if(buffer.buffer===HEAP8.buffer){canOwn=false}if(!length)return 0;var node=stream.node;node.mtime=node.ctime=Date.now();if(canOwn){node.contents=buffer.subarray(offset,offset+length);node.usedBytes=length}else if(node.usedBytes===0&&position===0){node.contents=buffer.slice(offset,offset+length);node.usedBytes=length}else{MEMFS.expandFileStorage(node,position+length);node.contents.set(buffer.subarray(offset,offset+length),position);node.usedBytes=Math.max(node.usedBytes,position+length)}return length},llseek(stream,offset,whence){var position=offset;if(whence===1){position+=stream.position}else if(whence===2){if(FS.isFile(stream.node.mode)){position+=stream.node.usedBytes}}if(position<0){throw new FS.ErrnoError(28)}return position},mmap(stream,length,position,prot,flags){if(!FS.isFile(stream.node.mode)){throw new FS.ErrnoError(43)}var ptr;var allocated;var contents=stream.node.contents;if(!(flags&2)&&contents.buffer===HEAP8.buffer){allocated=false;ptr=contents.byteOffset}else{allocated=true;ptr=mmapAlloc(length);if(!ptr){throw new FS.ErrnoError(48)}if(contents){if(position>0||position+length<contents.length){if(contents.subarray){contents=contents.subarray(position,position+length)}else{contents=Array.prototype.slice.call(contents,position,position+length)}}HEAP8.set(contents,ptr)}}return{ptr,allocated}},msync(stream,buffer,offset,length,mmapFlags){MEMFS.stream_ops.write(stream,buffer,0,length,offset,false);return 0}}};var FS_modeStringToFlags=str=>{if(typeof str!="string")return str;var flagModes={r:0,"r+":2,w:512|64|1,"w+":512|64|2,a:1024|64|1,"a+":1024|64|2};var flags=flagModes[str];if(typeof flags=="undefined"){throw new Error(`Unknown file open mode: ${str}`)}return flags};var FS_fileDataToTypedArray=data=>{if(typeof data=="string"){data=intArrayFromString(data,true)}if(!data.subarray){data=new Uint8Array(data)}return data};var FS_getMode=(canRead,canWrite)=>{var mode=0;if(canRead)mode|=292|73;if(canWrite)mode|=146;return mode};var asyncLoad=async url=>{var arrayBuffer=await readAsync(url);return new Uint8Array(arrayBuffer)};var FS_createDataFile=(...args)=>FS.createDataFile(...args);var getUniqueRunDependency=id=>id;var dependenciesPromise=null;var resolveRunDependencies=async()=>dependenciesPromise;var runDependencies=0;var dependenciesPromiseResolve=null;var removeRunDependency=id=>{runDependencies--;Module["monitorRunDependencies"]?.(runDependencies);if(!runDependencies){dependenciesPromiseResolve()}};var addRunDependency=id=>{if(!runDependencies){dependenciesPromise=new Promise(resolve=>dependenciesPromiseResolve=resolve)}runDependencies++;Module["monitorRunDependencies"]?.(runDependencies)};var preloadPlugins=[];var FS_handledByPreloadPlugin=async(byteArray,fullname)=>{if(typeof Browser!="undefined")Browser.init();for(var plugin of preloadPlugins){if(plugin["canHandle"](fullname)){return plugin["handle"](byteArray,fullname)}}return byteArray};var FS_preloadFile=async(parent,name,url,canRead,canWrite,dontCreateFile,canOwn,preFinish)=>{var fullname=name?PATH_FS.resolve(PATH.join2(parent,name)):parent;var dep=getUniqueRunDependency(`cp ${fullname}`);addRunDependency(dep);try{var byteArray=url;if(typeof url=="string"){byteArray=await asyncLoad(url)}byteArray=await FS_handledByPreloadPlugin(byteArray,fullname);preFinish?.();if(!dontCreateFile){FS_createDataFile(parent,name,byteArray,canRead,canWrite,canOwn)}}finally{removeRunDependency(dep)}};var FS_createPreloadedFile=(parent,name,url,canRead,canWrite,onload,onerror,dontCreateFile,canOwn,preFinish)=>{FS_preloadFile(parent,name,url,canRead,canWrite,dontCreateFile,canOwn,preFinish).then(onload).catch(onerror)};var FS={root:null,mounts:[],devices:{},streams:[],nextInode:1,nameTable:null,currentPath:"/",initialized:false,ignorePermissions:true,filesystems:null,syncFSRequests:0,ErrnoError:class{name="ErrnoError";constructor(errno){this.errno=errno}},FSStream:class{shared={};get object(){return this.node}set object(val){this.node=val}get isRead(){return(this.flags&2097155)!==1}get isWrite(){return(this.flags&2097155)!==0}get isAppend(){return this.flags&1024}get flags(){return this.shared.flags}set flags(val){this.shared.flags=val}get position(){return this.shared.position}set position(val){this.shared.position=val}},FSNode:class{node_ops={};stream_ops={};readMode=292|73;writeMode=146;mounted=null;constructor(parent,name,mode,rdev){if(!parent){parent=this}this.parent=parent;this.mount=parent.mount;this.id=FS.nextInode++;this.name=name;this.mode=mode;this.rdev=rdev;this.atime=this.mtime=this.ctime=Date.now()}get read(){return(this.mode&this.readMode)===this.readMode}set read(val){val?this.mode|=this.readMode:this.mode&=~this.readMode}get write(){return(this.mode&this.writeMode)===this.writeMode}set write(val){val?this.mode|=this.writeMode:this.mode&=~this.writeMode}get isFolder(){return FS.isDir(this.mode)}get isDevice(){return FS.isChrdev(this.mode)}addListener(cb,exclusive=false){var entry={cb,exclusive};var listeners=this.listeners??=new Set;listeners.add(entry);return{listeners,entry}}notifyListeners(flags){if(!this.listeners)return;var excl;for(var entry of this.listeners){if(entry.exclusive)(excl||=[]).push(entry);else entry.cb(flags)}if(excl){var i=(this.exclTurn||0)%excl.length;this.exclTurn=i+1;excl[i].cb(flags)}}},lookupPath(path,opts={}){if(!path){throw new FS.ErrnoError(44)}opts.follow_mount??=true;if(!PATH.isAbs(path)){path=FS.cwd()+"/"+path}linkloop:for(var nlinks=0;nlinks<40;nlinks++){var parts=path.split("/").filter(p=>!!p);var current=FS.root;var current_path="/";for(var i=0;i<parts.length;i++){var islast=i===parts.length-1;if(islast&&opts.parent){break}if(parts[i]==="."){continue}if(parts[i]===".."){current_path=PATH.dirname(current_path);if(FS.isRoot(current)){path=current_path+"/"+parts.slice(i+1).join("/");nlinks--;continue linkloop}else{current=current.parent}continue}current_path=PATH.join2(current_path,parts[i]);try{current=FS.lookupNode(current,parts[i])}catch(e){if(e?.errno===44&&islast&&opts.noent_okay){return{path:current_path}}throw e}if(FS.isMountpoint(current)&&(!islast||opts.follow_mount)){current=current.mounted.root}if(FS.isLink(current.mode)&&(!islast||opts.follow)){if(!current.node_ops.readlink){throw new FS.ErrnoError(52)}var link=current.node_ops.readlink(current);if(!PATH.isAbs(link)){link=PATH.dirname(current_path)+"/"+link}path=link+"/"+parts.slice(i+1).join("/");continue linkloop}}return{path:current_path,node:current}}throw new FS.ErrnoError(32)},getPath(node){var path;while(true){if(FS.isRoot(node)){var mount=node.mount.mountpoint;if(!path)return mount;return mount[mount.length-1]!=="/"?`${mount}/${path}`:mount+path}path=path?`${node.name}/${path}`:node.name;node=node.parent}},hashName(parentid,name){var hash=0;for(var i=0;i<name.length;i++){hash=(hash<<5)-hash+name.charCodeAt(i)|0}return(parentid+hash>>>0)%FS.nameTable.length},hashAddNode(node){var hash=FS.hashName(node.parent.id,node.name);node.name_next=FS.nameTable[hash];FS.nameTable[hash]=node},hashRemoveNode(node){var hash=FS.hashName(node.parent.id,node.name);if(FS.nameTable[hash]===node){FS.nameTable[hash]=node.name_next}else{var current=FS.nameTable[hash];while(current){if(current.name_next===node){current.name_next=node.name_next;break}current=current.name_next}}},lookupNode(parent,name){var errCode=FS.mayLookup(parent);if(errCode){throw new FS.ErrnoError(errCode)}var hash=FS.hashName(parent.id,name);for(var node=FS.nameTable[hash];node;node=node.name_next){var nodeName=node.name;if(node.parent.id===parent.id&&nodeName===name){return node}}return FS.lookup(parent,name)},createNode(parent,name,mode,rdev){var node=new FS.FSNode(parent,name,mode,rdev);FS.hashAddNode(node);return node},destroyNode(node){FS.hashRemoveNode(node)},isRoot(node){return node===node.parent},isMountpoint(node){return!!node.mounted},isFile(mode){return(mode&61440)===32768},isDir(mode){return(mode&61440)===16384},isLink(mode){return(mode&61440)===40960},isChrdev(mode){return(mode&61440)===8192},isBlkdev(mode){return(mode&61440)===24576},isFIFO(mode){return(mode&61440)===4096},isSocket(mode){return(mode&49152)===49152},flagsToPermissionString(flag){var perms=["r","w","rw"][flag&3];if(flag&512){perms+="w"}return perms},nodePermissions(node,perms){if(FS.ignorePermissions){return 0}if(perms.includes("r")&&!(node.mode&292)){return 2}if(perms.includes("w")&&!(node.mode&146)){return 2}if(perms.includes("x")&&!(node.mode&73)){return 2}return 0},mayLookup(dir){if(!FS.isDir(dir.mode))return 54;var errCode=FS.nodePermissions(dir,"x");if(errCode)return errCode;if(!dir.node_ops.lookup)return 2;return 0},mayCreate(dir,name){if(!FS.isDir(dir.mode)){return 54}try{var node=FS.lookupNode(dir,name);return 20}catch(e){}return FS.nodePermissions(dir,"wx")},mayDelete(dir,name,isdir){var node;try{node=FS.lookupNode(dir,name)}catch(e){return e.errno}var errCode=FS.nodePermissions(dir,"wx");if(errCode){return errCode}if(isdir){if(!FS.isDir(node.mode)){return 54}if(FS.isRoot(node)||FS.getPath(node)===FS.cwd()){return 10}}else if(FS.isDir(node.mode)){return 31}return 0},mayOpen(node,flags){if(!node){return 44}if(FS.isLink(node.mode)){return 32}var mode=FS.flagsToPermissionString(flags);if(FS.isDir(node.mode)){if(mode!=="r"||flags&(512|64)){return 31}}return FS.nodePermissions(node,mode)},checkOpExists(op,err){if(!op){throw new FS.ErrnoError(err)}return op},MAX_OPEN_FDS:4096,nextfd(){for(var fd=0;fd<=FS.MAX_OPEN_FDS;fd++){if(!FS.streams[fd]){return fd}}throw new FS.ErrnoError(33)},getStreamChecked(fd){var stream=FS.getStream(fd);if(!stream){throw new FS.ErrnoError(8)}return stream},getStream:fd=>FS.streams[fd],createStream(stream,fd=-1){stream=Object.assign(new FS.FSStream,stream);if(fd==-1){fd=FS.nextfd()}stream.fd=fd;FS.streams[fd]=stream;return stream},closeStream(fd){FS.streams[fd]=null},dupStream(origStream,fd=-1){var stream=FS.createStream(origStream,fd);stream.stream_ops?.dup?.(stream);return stream},doSetAttr(stream,node,attr){var setattr=stream?.stream_ops.setattr;var arg=setattr?stream:node;setattr??=node.node_ops.setattr;FS.checkOpExists(setattr,63);try{setattr(arg,attr)}catch(e){if(e instanceof RangeError){throw new FS.ErrnoError(22)}throw e}},chrdev_stream_ops:{open(stream){var device=FS.getDevice(stream.node.rdev);stream.stream_ops=device.stream_ops;stream.stream_ops.open?.(stream)},llseek(){throw new FS.ErrnoError(70)}},major:dev=>dev>>8,minor:dev=>dev&255,makedev:(ma,mi)=>ma<<8|mi,registerDevice(dev,ops){FS.devices[dev]={stream_ops:ops}},getDevice:dev=>FS.devices[dev],getMounts(mount){var mounts=[];var check=[mount];while(check.length){var m=check.pop();mounts.push(m);check.push(...m.mounts)}return mounts},syncfs(populate,callback){if(typeof populate=="function"){callback=populate;populate=false}FS.syncFSRequests++;if(FS.syncFSRequests>1){err(`warning: ${FS.syncFSRequests} FS.syncfs operations in flight at once, probably just doing extra work`)}var mounts=FS.getMounts(FS.root.mount);var completed=0;function doCallback(errCode){FS.syncFSRequests--;return callback(errCode)}function done(errCode){if(errCode){if(!done.errored){done.errored=true;return doCallback(errCode)}return}if(++completed>=mounts.length){doCallback(null)}}for(var mount of mounts){if(mount.type.syncfs){mount.type.syncfs(mount,populate,done)}else{done(null)}}},mount(type,opts,mountpoint){var root=mountpoint==="/";var pseudo=!mountpoint;var node;if(root&&FS.root){throw new FS.ErrnoError(10)}else if(!root&&!pseudo){var lookup=FS.lookupPath(mountpoint,{follow_mount:false});mountpoint=lookup.path;node=lookup.node;if(FS.isMountpoint(node)){throw new FS.ErrnoError(10)}if(!FS.isDir(node.mode)){throw new FS.ErrnoError(54)}}var mount={type,opts,mountpoint,mounts:[]};var mountRoot=type.mount(mount);mountRoot.mount=mount;mount.root=mountRoot;if(root){FS.root=mountRoot}else if(node){node.mounted=mount;if(node.mount){node.mount.mounts.push(mount)}}return mountRoot},unmount(mountpoint){var lookup=FS.lookupPath(mountpoint,{follow_mount:false});if(!FS.isMountpoint(lookup.node)){throw new FS.ErrnoError(28)}var node=lookup.node;var mount=node.mounted;var mounts=FS.getMounts(mount);for(var[hash,current]of Object.entries(FS.nameTable)){while(current){var next=current.name_next;if(mounts.includes(current.mount)){FS.destroyNode(current)}current=next}}node.mounted=null;var idx=node.mount.mounts.indexOf(mount);node.mount.mounts.splice(idx,1)},lookup(parent,name){return parent.node_ops.lookup(parent,name)},mknod(path,mode,dev){var lookup=FS.lookupPath(path,{parent:true});var parent=lookup.node;var name=PATH.basename(path);if(!name){throw new FS.ErrnoError(28)}if(name==="."||name===".."){throw new FS.ErrnoError(20)}var errCode=FS.mayCreate(parent,name);if(errCode){throw new FS.ErrnoError(errCode)}if(!parent.node_ops.mknod){throw new FS.ErrnoError(63)}return parent.node_ops.mknod(parent,name,mode,dev)},statfs(path){return FS.statfsNode(FS.lookupPath(path,{follow:true}).node)},statfsStream(stream){return FS.statfsNode(stream.node)},statfsNode(node){var rtn={bsize:4096,frsize:4096,blocks:1e6,bfree:5e5,bavail:5e5,files:FS.nextInode,ffree:FS.nextInode-1,fsid:42,flags:2,namelen:255};if(node.node_ops.statfs){Object.assign(rtn,node.node_ops.statfs(node.mount.opts.root))}return rtn},create(path,mode=438){mode&=4095;mode|=32768;return FS.mknod(path,mode,0)},mkdir(path,mode=511){mode&=511|512;mode|=16384;return FS.mknod(path,mode,0)},mkdirTree(path,mode){var dirs=path.split("/");var d="";for(var dir of dirs){if(!dir)continue;if(d||PATH.isAbs(path))d+="/";d+=dir;try{FS.mkdir(d,mode)}catch(e){if(e.errno!=20)throw e}}},mkdev(path,mode,dev){if(typeof dev=="undefined"){dev=mode;mode=438}mode|=8192;return FS.mknod(path,mode,dev)},symlink(oldpath,newpath){if(!PATH_FS.resolve(oldpath)){throw new FS.ErrnoError(44)}var lookup=FS.lookupPath(newpath,{parent:true});var parent=lookup.node;if(!parent){throw new FS.ErrnoError(44)}var newname=PATH.basename(newpath);var errCode=FS.mayCreate(parent,newname);if(errCode){throw new FS.ErrnoError(errCode)}if(!parent.node_ops.symlink){throw new FS.ErrnoError(63)}return parent.node_ops.symlink(parent,newname,oldpath)},link(oldpath,newpath,flags){var lookup=FS.lookupPath(newpath,{parent:true});var parent=lookup.node;if(!parent){throw new FS.ErrnoError(44)}var newname=PATH.basename(newpath);var errCode=FS.mayCreate(parent,newname);if(errCode){throw new FS.ErrnoError(errCode)}if(!parent.node_ops.link){throw new FS.ErrnoError(34)}return parent.node_ops.link(parent,newname,oldpath,flags)},rename(old_path,new_path){var old_dirname=PATH.dirname(old_path);var new_dirname=PATH.dirname(new_path);var old_name=PATH.basename(old_path);var new_name=PATH.basename(new_path);var lookup,old_dir,new_dir;lookup=FS.lookupPath(old_path,{parent:true});old_dir=lookup.node;lookup=FS.lookupPath(new_path,{parent:true});new_dir=lookup.node;if(!old_dir||!new_dir)throw new FS.ErrnoError(44);if(old_dir.mount!==new_dir.mount){throw new FS.ErrnoError(75)}var old_node=FS.lookupNode(old_dir,old_name);var relative=PATH_FS.relative(old_path,new_dirname);if(relative.charAt(0)!=="."){throw new FS.ErrnoError(28)}relative=PATH_FS.relative(new_path,old_dirname);if(relative.charAt(0)!=="."){throw new FS.ErrnoError(55)}var new_node;try{new_node=FS.lookupNode(new_dir,new_name)}catch(e){}if(old_node===new_node){return}var isdir=FS.isDir(old_node.mode);var errCode=FS.mayDelete(old_dir,old_name,isdir);if(errCode){throw new FS.ErrnoError(errCode)}errCode=new_node?FS.mayDelete(new_dir,new_name,isdir):FS.mayCreate(new_dir,new_name);if(errCode){throw new FS.ErrnoError(errCode)}if(!old_dir.node_ops.rename){throw new FS.ErrnoError(63)}if(FS.isMountpoint(old_node)||new_node&&FS.isMountpoint(new_node)){throw new FS.ErrnoError(10)}if(new_dir!==old_dir){errCode=FS.nodePermissions(old_dir,"w");if(errCode){throw new FS.ErrnoError(errCode)}}FS.hashRemoveNode(old_node);try{old_dir.node_ops.rename(old_node,new_dir,new_name);old_node.parent=new_dir}catch(e){throw e}finally{FS.hashAddNode(old_node)}},rmdir(path){var lookup=FS.lookupPath(path,{parent:true});var parent=lookup.node;var name=PATH.basename(path);var node=FS.lookupNode(parent,name);var errCode=FS.mayDelete(parent,name,true);if(errCode){throw new FS.ErrnoError(errCode)}if(!parent.node_ops.rmdir){throw new FS.ErrnoError(63)}if(FS.isMountpoint(node)){throw new FS.ErrnoError(10)}parent.node_ops.rmdir(parent,name);FS.destroyNode(node)},readdir(path){var lookup=FS.lookupPath(path,{follow:true});var node=lookup.node;var readdir=FS.checkOpExists(node.node_ops.readdir,54);return readdir(node)},unlink(path){var lookup=FS.lookupPath(path,{parent:true});var parent=lookup.node;if(!parent){throw new FS.ErrnoError(44)}var name=PATH.basename(path);var node=FS.lookupNode(parent,name);var errCode=FS.mayDelete(parent,name,false);if(errCode){throw new FS.ErrnoError(errCode)}if(!parent.node_ops.unlink){throw new FS.ErrnoError(63)}if(FS.isMountpoint(node)){throw new FS.ErrnoError(10)}parent.node_ops.unlink(parent,name);FS.destroyNode(node)},readlink(path){var lookup=FS.lookupPath(path);var link=lookup.node;if(!link){throw new FS.ErrnoError(44)}if(!link.node_ops.readlink){throw new FS.ErrnoError(28)}return link.node_ops.readlink(link)},stat(path,dontFollow){var lookup=FS.lookupPath(path,{follow:!dontFollow});var node=lookup.node;var getattr=FS.checkOpExists(node.node_ops.getattr,63);return getattr(node)},fstat(fd){var stream=FS.getStreamChecked(fd);var node=stream.node;var getattr=stream.stream_ops.getattr;var arg=getattr?stream:node;getattr??=node.node_ops.getattr;FS.checkOpExists(getattr,63);return getattr(arg)},lstat(path){return FS.stat(path,true)},doChmod(stream,node,mode,dontFollow){FS.doSetAttr(stream,node,{mode:mode&4095|node.mode&~4095,ctime:Date.now(),dontFollow})},chmod(path,mode,dontFollow){var node;if(typeof path=="string"){var lookup=FS.lookupPath(path,{follow:!dontFollow});node=lookup.node}else{node=path}FS.doChmod(null,node,mode,dontFollow)},lchmod(path,mode){FS.chmod(path,mode,true)},fchmod(fd,mode){var stream=FS.getStreamChecked(fd);FS.doChmod(stream,stream.node,mode,false)},doChown(stream,node,dontFollow){FS.doSetAttr(stream,node,{timestamp:Date.now(),dontFollow})},chown(path,uid,gid,dontFollow){var node;if(typeof path=="string"){var lookup=FS.lookupPath(path,{follow:!dontFollow});node=lookup.node}else{node=path}FS.doChown(null,node,dontFollow)},lchown(path,uid,gid){FS.chown(path,uid,gid,true)},fchown(fd,uid,gid){var stream=FS.getStreamChecked(fd);FS.doChown(stream,stream.node,false)},doTruncate(stream,node,len){if(FS.isDir(node.mode)){throw new FS.ErrnoError(31)}if(!FS.isFile(node.mode)){throw new FS.ErrnoError(28)}var errCode=FS.nodePermissions(node,"w");if(errCode){throw new FS.ErrnoError(errCode)}FS.doSetAttr(stream,node,{size:len,timestamp:Date.now()})},truncate(path,len){if(len<0){throw new FS.ErrnoError(28)}var node;if(typeof path=="string"){var lookup=FS.lookupPath(path,{follow:true});node=lookup.node}else{node=path}FS.doTruncate(null,node,len)},ftruncate(fd,len){var stream=FS.getStreamChecked(fd);if(len<0||(stream.flags&2097155)===0){throw new FS.ErrnoError(28)}FS.doTruncate(stream,stream.node,len)},utime(path,atime,mtime,dontFollow){var lookup=FS.lookupPath(path,{follow:!dontFollow});FS.doSetAttr(null,lookup.node,{atime,mtime,dontFollow})},open(path,flags,mode=438){if(path===""){throw new FS.ErrnoError(44)}flags=FS_modeStringToFlags(flags);if(flags&64){mode=mode&4095|32768}else{mode=0}var node;var isDirPath;if(typeof path=="object"){node=path}else{isDirPath=path.endsWith("/");var lookup=FS.lookupPath(path,{follow:!(flags&131072),noent_okay:true});node=lookup.node;path=lookup.path}var created=false;if(flags&64){if(node){if(flags&128){throw new FS.ErrnoError(20)}}else if(isDirPath){throw new FS.ErrnoError(31)}else{node=FS.mknod(path,mode|511,0);created=true}}if(!node){throw new FS.ErrnoError(44)}if(FS.isChrdev(node.mode)){flags&=~512}if(flags&65536&&!FS.isDir(node.mode)){throw new FS.ErrnoError(54)}if(!created){var errCode=FS.mayOpen(node,flags);if(errCode){throw new FS.ErrnoError(errCode)}}if(flags&512&&!created){FS.truncate(node,0)}flags&=~(128|512|131072);var stream=FS.createStream({node,path:FS.getPath(node),flags,seekable:true,position:0,stream_ops:node.stream_ops,ungotten:[],error:false});if(stream.stream_ops.open){stream.stream_ops.open(stream)}if(created){FS.chmod(node,mode&511)}return stream},close(stream){if(FS.isClosed(stream)){throw new FS.ErrnoError(8)}if(stream.getdents)stream.getdents=null;stream.node?.notifyListeners(32);try{if(stream.stream_ops.close){stream.stream_ops.close(stream)}}catch(e){throw e}finally{FS.closeStream(stream.fd)}stream.fd=null},isClosed(stream){return stream.fd===null},llseek(stream,offset,whence){if(FS.isClosed(stream)){throw new FS.ErrnoError(8)}if(!stream.seekable||!stream.stream_ops.llseek){throw new FS.ErrnoError(70)}if(whence!=0&&whence!=1&&whence!=2){throw new FS.ErrnoError(28)}stream.position=stream.stream_ops.llseek(stream,offset,whence);stream.ungotten=[];return stream.position},read(stream,buffer,offset,length,position){if(length<0||position<0){throw new FS.ErrnoError(28)}if(FS.isClosed(stream)){throw new FS.ErrnoError(8)}if((stream.flags&2097155)===1){throw new FS.ErrnoError(8)}if(FS.isDir(stream.node.mode)){throw new FS.ErrnoError(31)}if(!stream.stream_ops.read){throw new FS.ErrnoError(28)}var seeking=typeof position!="undefined";if(!seeking){position=stream.position}else if(!stream.seekable){throw new FS.ErrnoError(70)}var bytesRead=stream.stream_ops.read(stream,buffer,offset,length,position);if(!seeking)stream.position+=bytesRead;return bytesRead},write(stream,buffer,offset,length,position,canOwn){if(length<0||position<0){throw new FS.ErrnoError(28)}if(FS.isClosed(stream)){throw new FS.ErrnoError(8)}if((stream.flags&2097155)===0){throw new FS.ErrnoError(8)}if(FS.isDir(stream.node.mode)){throw new FS.ErrnoError(31)}if(!stream.stream_ops.write){throw new FS.ErrnoError(28)}if(stream.seekable&&stream.flags&1024){FS.llseek(stream,0,2)}var seeking=typeof position!="undefined";if(!seeking){position=stream.position}else if(!stream.seekable){throw new FS.ErrnoError(70)}var bytesWritten=stream.stream_ops.write(stream,buffer,offset,length,position,canOwn);if(!seeking)stream.position+=bytesWritten;return bytesWritten},mmap(stream,length,position,prot,flags){if((prot&2)!==0&&(flags&2)===0&&(stream.flags&2097155)!==2){throw new FS.ErrnoError(2)}if((stream.flags&2097155)===1){throw new FS.ErrnoError(2)}if(!stream.stream_ops.mmap){throw new FS.ErrnoError(43)}if(!length){throw new FS.ErrnoError(28)}return stream.stream_ops.mmap(stream,length,position,prot,flags)},msync(stream,buffer,offset,length,mmapFlags){if(!stream.stream_ops.msync){return 0}return stream.stream_ops.msync(stream,buffer,offset,length,mmapFlags)},ioctl(stream,cmd,arg){if(!stream.stream_ops.ioctl){throw new FS.ErrnoError(59)}return stream.stream_ops.ioctl(stream,cmd,arg)},readFile(path,opts={}){opts.flags=opts.flags??0;opts.encoding=opts.encoding??"binary";if(opts.encoding!=="utf8"&&opts.encoding!=="binary"){abort(`Invalid encoding type "${opts.encoding}"`)}var stream=FS.open(path,opts.flags);var stat=FS.stat(path);var length=stat.size;var buf=new Uint8Array(length);FS.read(stream,buf,0,length,0);if(opts.encoding==="utf8"){buf=UTF8ArrayToString(buf)}FS.close(stream);return buf},writeFile(path,data,opts={}){opts.flags=opts.flags??577;var stream=FS.open(path,opts.flags,opts.mode);data=FS_fileDataToTypedArray(data);FS.write(stream,data,0,data.byteLength,undefined,opts.canOwn);FS.close(stream)},cwd:()=>FS.currentPath,chdir(path){var lookup=FS.lookupPath(path,{follow:true});if(lookup.node===null){throw new FS.ErrnoError(44)}if(!FS.isDir(lookup.node.mode)){throw new FS.ErrnoError(54)}var errCode=FS.nodePermissions(lookup.node,"x");if(errCode){throw new FS.ErrnoError(errCode)}FS.currentPath=lookup.path},createDefaultDirectories(){FS.mkdir("/tmp");FS.mkdir("/home");FS.mkdir("/home/web_user")},createDefaultDevices(){FS.mkdir("/dev");FS.registerDevice(FS.makedev(1,3),{read:()=>0,write:(stream,buffer,offset,length,pos)=>length,llseek:()=>0});FS.mkdev("/dev/null",FS.makedev(1,3));TTY.register(FS.makedev(5,0),TTY.default_tty_ops);TTY.register(FS.makedev(6,0),TTY.default_tty1_ops);FS.mkdev("/dev/tty",FS.makedev(5,0));FS.mkdev("/dev/tty1",FS.makedev(6,0));var randomBuffer=new Uint8Array(1024),randomLeft=0;var randomByte=()=>{if(randomLeft===0){randomFill(randomBuffer);randomLeft=randomBuffer.byteLength}return randomBuffer[--randomLeft]};FS.createDevice("/dev","random",randomByte);FS.createDevice("/dev","urandom",randomByte);FS.mkdir("/dev/shm");FS.mkdir("/dev/shm/tmp")},createSpecialDirectories(){FS.mkdir("/proc");var proc_self=FS.mkdir("/proc/self");FS.mkdir("/proc/self/fd");FS.mount({mount(){var node=FS.createNode(proc_self,"fd",16895,73);node.stream_ops={llseek:MEMFS.stream_ops.llseek};node.node_ops={lookup(parent,name){var fd=+name;var stream=FS.getStreamChecked(fd);var ret={parent:null,mount:{mountpoint:"fake"},node_ops:{readlink:()=>stream.path},id:fd+1};ret.parent=ret;return ret},readdir(){return Array.from(FS.streams.entries()).filter(([k,v])=>v).map(([k,v])=>k.toString())}};return node}},{},"/proc/self/fd")},createStandardStreams(input,output,error){if(input){FS.createDevice("/dev","stdin",input)}else{FS.symlink("/dev/tty","/dev/stdin")}if(output){FS.createDevice("/dev","stdout",null,output)}else{FS.symlink("/dev/tty","/dev/stdout")}if(error){FS.createDevice("/dev","stderr",null,error)}else{FS.symlink("/dev/tty1","/dev/stderr")}var stdin=FS.open("/dev/stdin",0);var stdout=FS.open("/dev/stdout",1);var stderr=FS.open("/dev/stderr",1)},staticInit(){FS.nameTable=new Array(4096);FS.mount(MEMFS,{},"/");FS.createDefaultDirectories();FS.createDefaultDevices();FS.createSpecialDirectories();FS.filesystems={MEMFS}},init(input,output,error){FS.initialized=true;input??=Module["stdin"];output??=Module["stdout"];error??=Module["stderr"];FS.createStandardStreams(input,output,error)},quit(){FS.initialized=false;for(var stream of FS.streams){if(stream){FS.close(stream)}}},findObject(path,dontResolveLastLink){var ret=FS.analyzePath(path,dontResolveLastLink);if(!ret.exists){return null}return ret.object},analyzePath(path,dontResolveLastLink){try{var lookup=FS.lookupPath(path,{follow:!dontResolveLastLink});path=lookup.path}catch(e){}var ret={isRoot:false,exists:false,error:0,name:null,path:null,object:null,parentExists:false,parentPath:null,parentObject:null};try{var lookup=FS.lookupPath(path,{parent:true});ret.parentExists=true;ret.parentPath=lookup.path;ret.parentObject=lookup.node;ret.name=PATH.basename(path);lookup=FS.lookupPath(path,{follow:!dontResolveLastLink});ret.exists=true;ret.path=lookup.path;ret.object=lookup.node;ret.name=lookup.node.name;ret.isRoot=lookup.path==="/"}catch(e){ret.error=e.errno}return ret},createPath(parent,path,canRead,canWrite){parent=typeof parent=="string"?parent:FS.getPath(parent);var parts=path.split("/").reverse();while(parts.length){var part=parts.pop();if(!part)continue;var current=PATH.join2(parent,part);try{FS.mkdir(current)}catch(e){if(e.errno!=20)throw e}parent=current}return current},createFile(parent,name,properties,canRead,canWrite){var path=PATH.join2(typeof parent=="string"?parent:FS.getPath(parent),name);var mode=FS_getMode(canRead,canWrite);return FS.create(path,mode)},createDataFile(parent,name,data,canRead,canWrite,canOwn){var path=name;if(parent){parent=typeof parent=="string"?parent:FS.getPath(parent);path=name?PATH.join2(parent,name):parent}var mode=FS_getMode(canRead,canWrite);var node=FS.create(path,mode);if(data){data=FS_fileDataToTypedArray(data);FS.chmod(node,mode|146);var stream=FS.open(node,577);FS.write(stream,data,0,data.length,0,canOwn);FS.close(stream);FS.chmod(node,mode)}},createDevice(parent,name,input,output){var path=PATH.join2(typeof parent=="string"?parent:FS.getPath(parent),name);var mode=FS_getMode(!!input,!!output);FS.createDevice.major??=64;var dev=FS.makedev(FS.createDevice.major++,0);FS.registerDevice(dev,{open(stream){stream.seekable=false},close(stream){if(output?.buffer?.length){output(10)}},read(stream,buffer,offset,length,pos){var bytesRead=0;for(var i=0;i<length;i++){var result;try{result=input()}catch(e){throw new FS.ErrnoError(29)}if(result===undefined&&bytesRead===0){throw new FS.ErrnoError(6)}if(result===null||result===undefined)break;bytesRead++;buffer[offset+i]=result}if(bytesRead){stream.node.atime=Date.now()}return bytesRead},write(stream,buffer,offset,length,pos){for(var i=0;i<length;i++){try{output(buffer[offset+i])}catch(e){throw new FS.ErrnoError(29)}}if(length){stream.node.mtime=stream.node.ctime=Date.now()}return i}});return FS.mkdev(path,mode,dev)},forceLoadFile(obj){if(obj.isDevice||obj.isFolder||obj.link||obj.contents)return true;if(globalThis.XMLHttpRequest){abort("Lazy loading should have been performed (contents set) in createLazyFile, but it was not. Lazy loading only works in web workers. Use --embed-file or --preload-file in emcc on the main thread.")}else{try{obj.contents=readBinary(obj.url)}catch(e){throw new FS.ErrnoError(29)}}},createLazyFile(parent,name,url,canRead,canWrite){class LazyUint8Array{lengthKnown=false;chunks=[];get(idx){if(idx>this.length-1||idx<0){return undefined}var chunkOffset=idx%this.chunkSize;var chunkNum=idx/this.chunkSize|0;return this.getter(chunkNum)[chunkOffset]}setDataGetter(getter){this.getter=getter}cacheLength(){var xhr=new XMLHttpRequest;xhr.open("HEAD",url,false);xhr.send(null);if(!(xhr.status>=200&&xhr.status<300||xhr.status===304))abort("Couldn't load "+url+". Status: "+xhr.status);var datalength=Number(xhr.getResponseHeader("Content-length"));var header;var hasByteServing=(header=xhr.getResponseHeader("Accept-Ranges"))&&header==="bytes";var usesGzip=(header=xhr.getResponseHeader("Content-Encoding"))&&header==="gzip";var chunkSize=1024*1024;if(!hasByteServing)chunkSize=datalength;var doXHR=(from,to)=>{if(from>to)abort(`invalid range (${from}, ${to}) or no bytes requested!`);if(to>datalength-1)abort(`only ${datalength} bytes available! programmer error!`);var xhr=new XMLHttpRequest;xhr.open("GET",url,false);if(datalength!==chunkSize)xhr.setRequestHeader("Range","bytes="+from+"-"+to);xhr.responseType="arraybuffer";if(xhr.overrideMimeType){xhr.overrideMimeType("text/plain; charset=x-user-defined")}xhr.send(null);if(!(xhr.status>=200&&xhr.status<300||xhr.status===304))abort("Couldn't load "+url+". Status: "+xhr.status);if(xhr.response!==undefined){return new Uint8Array(xhr.response||[])}return intArrayFromString(xhr.responseText??"",true)};var lazyArray=this;lazyArray.setDataGetter(chunkNum=>{var start=chunkNum*chunkSize;var end=(chunkNum+1)*chunkSize-1;end=Math.min(end,datalength-1);if(typeof lazyArray.chunks[chunkNum]=="undefined"){lazyArray.chunks[chunkNum]=doXHR(start,end)}if(typeof lazyArray.chunks[chunkNum]=="undefined")abort("doXHR failed!");return lazyArray.chunks[chunkNum]});if(usesGzip||!datalength){chunkSize=datalength=1;datalength=this.getter(0).length;chunkSize=datalength;out("LazyFiles on gzip forces download of the whole file when length is accessed")}this._length=datalength;this._chunkSize=chunkSize;this.lengthKnown=true}get length(){if(!this.lengthKnown){this.cacheLength()}return this._length}get chunkSize(){if(!this.lengthKnown){this.cacheLength()}return this._chunkSize}}if(globalThis.XMLHttpRequest){if(!ENVIRONMENT_IS_WORKER)abort("Cannot do synchronous binary XHRs outside webworkers in modern browsers. Use --embed-file or --preload-file in emcc");var lazyArray=new LazyUint8Array;var properties={isDevice:false,contents:lazyArray}}else{var properties={isDevice:false,url}}var node=FS.createFile(parent,name,properties,canRead,canWrite);if(properties.contents){node.contents=properties.contents}else if(properties.url){node.contents=null;node.url=properties.url}Object.defineProperties(node,{usedBytes:{get:function(){return this.contents.length}}});var stream_ops={};for(const[key,fn]of Object.entries(node.stream_ops)){stream_ops[key]=(...args)=>{FS.forceLoadFile(node);return fn(...args)}}function writeChunks(stream,buffer,offset,length,position){var contents=stream.node.contents;if(position>=contents.length)return 0;var size=Math.min(contents.length-position,length);if(contents.slice){for(var i=0;i<size;i++){buffer[offset+i]=contents[position+i]}}else{for(var i=0;i<size;i++){buffer[offset+i]=contents.get(position+i)}}return size}stream_ops.read=(stream,buffer,offset,length,position)=>{FS.forceLoadFile(node);return writeChunks(stream,buffer,offset,length,position)};stream_ops.mmap=(stream,length,position,prot,flags)=>{FS.forceLoadFile(node);var ptr=mmapAlloc(length);if(!ptr){throw new FS.ErrnoError(48)}writeChunks(stream,HEAP8,ptr,length,position);return{ptr,allocated:true}};node.stream_ops=stream_ops;return node}};var SYSCALLS={currentUmask:18,calculateAt(dirfd,path,allowEmpty){if(PATH.isAbs(path)){return path}var dir;if(dirfd===-100){dir=FS.cwd()}else{var dirstream=SYSCALLS.getStreamFromFD(dirfd);dir=dirstream.path}if(path.length==0){if(!allowEmpty){throw new FS.ErrnoError(44)}return dir}return dir+"/"+path},writeStat(buf,stat){HEAPU32[buf>>2]=stat.dev;HEAPU32[buf+4>>2]=stat.mode;HEAPU32[buf+8>>2]=stat.nlink;HEAPU32[buf+12>>2]=stat.uid;HEAPU32[buf+16>>2]=stat.gid;HEAPU32[buf+20>>2]=stat.rdev;HEAP64[buf+24>>3]=BigInt(stat.size);HEAP32[buf+32>>2]=4096;HEAP32[buf+36>>2]=stat.blocks;var atime=stat.atime.getTime();var mtime=stat.mtime.getTime();var ctime=stat.ctime.getTime();HEAP64[buf+40>>3]=BigInt(Math.floor(atime/1e3));HEAPU32[buf+48>>2]=atime%1e3*1e3*1e3;HEAP64[buf+56>>3]=BigInt(Math.floor(mtime/1e3));HEAPU32[buf+64>>2]=mtime%1e3*1e3*1e3;HEAP64[buf+72>>3]=BigInt(Math.floor(ctime/1e3));HEAPU32[buf+80>>2]=ctime%1e3*1e3*1e3;HEAP64[buf+88>>3]=BigInt(stat.ino);return 0},writeStatFs(buf,stats){HEAPU32[buf+4>>2]=stats.bsize;HEAPU32[buf+60>>2]=stats.bsize;HEAP64[buf+8>>3]=BigInt(stats.blocks);HEAP64[buf+16>>3]=BigInt(stats.bfree);HEAP64[buf+24>>3]=BigInt(stats.bavail);HEAP64[buf+32>>3]=BigInt(stats.files);HEAP64[buf+40>>3]=BigInt(stats.ffree);HEAPU32[buf+48>>2]=stats.fsid;HEAPU32[buf+64>>2]=stats.flags;HEAPU32[buf+56>>2]=stats.namelen},doMsync(addr,stream,len,flags,offset){if(!FS.isFile(stream.node.mode)){throw new FS.ErrnoError(43)}if(flags&2){return 0}var buffer=HEAPU8.subarray(addr,addr+len);FS.msync(stream,buffer,offset,len,flags)},getStreamFromFD(fd){var stream=FS.getStreamChecked(fd);return stream},varargs:undefined,getStr(ptr){var ret=UTF8ToString(ptr);return ret}};function _fd_close(fd){try{var stream=SYSCALLS.getStreamFromFD(fd);FS.close(stream);return 0}catch(e){if(typeof FS=="undefined"||!(e.name==="ErrnoError"))throw e;return e.errno}}var doReadv=(stream,iov,iovcnt,offset)=>{var ret=0;for(var i=0;i<iovcnt;i++){var ptr=HEAPU32[iov>>2];var len=HEAPU32[iov+4>>2];iov+=8;try{var curr=FS.read(stream,HEAP8,ptr,len,offset)}catch(e){if(ret>0&&e instanceof FS.ErrnoError&&(e.errno==6||e.errno==6)){break}throw e}if(curr<0)return-1;ret+=curr;if(curr<len)break;if(typeof offset!="undefined"){offset+=curr}}return ret};function _fd_read(fd,iov,iovcnt,pnum){try{var stream=SYSCALLS.getStreamFromFD(fd);var num=doReadv(stream,iov,iovcnt);HEAPU32[pnum>>2]=num;return 0}catch(e){if(typeof FS=="undefined"||!(e.name==="ErrnoError"))throw e;return e.errno}}var INT53_MAX=9007199254740992;var INT53_MIN=-9007199254740992;var bigintToI53Checked=num=>num<INT53_MIN||num>INT53_MAX?NaN:Number(num);function _fd_seek(fd,offset,whence,newOffset){offset=bigintToI53Checked(offset);try{if(isNaN(offset))return 22;var stream=SYSCALLS.getStreamFromFD(fd);FS.llseek(stream,offset,whence);HEAP64[newOffset>>3]=BigInt(stream.position);if(stream.getdents&&offset===0&&whence===0)stream.getdents=null;return 0}catch(e){if(typeof FS=="undefined"||!(e.name==="ErrnoError"))throw e;return e.errno}}var doWritev=(stream,iov,iovcnt,offset)=>{if(iovcnt==1){return FS.write(stream,HEAP8,HEAPU32[iov>>2],HEAPU32[iov+4>>2],offset)}var total=0;for(var i=0,p=iov;i<iovcnt;i++,p+=8){total+=HEAPU32[p+4>>2]}var view=new Uint8Array(total);var voff=0;for(var i=0;i<iovcnt;i++,iov+=8){var ptr=HEAPU32[iov>>2];var len=HEAPU32[iov+4>>2];view.set(HEAPU8.subarray(ptr,ptr+len),voff);voff+=len}return FS.write(stream,view,0,total,offset)};function _fd_write(fd,iov,iovcnt,pnum){try{var stream=SYSCALLS.getStreamFromFD(fd);var num=doWritev(stream,iov,iovcnt);HEAPU32[pnum>>2]=num;return 0}catch(e){if(typeof FS=="undefined"||!(e.name==="ErrnoError"))throw e;return e.errno}}var wasmTableMirror=[];var getWasmTableEntry=funcPtr=>{var func=wasmTableMirror[funcPtr];if(!func){wasmTableMirror[funcPtr]=func=wasmTable.get(funcPtr)}return func};var stringToUTF8=(str,outPtr,maxBytesToWrite)=>stringToUTF8Array(str,HEAPU8,outPtr,maxBytesToWrite);FS.createPreloadedFile=FS_createPreloadedFile;FS.preloadFile=FS_preloadFile;FS.staticInit();{if(Module["noExitRuntime"])noExitRuntime=Module["noExitRuntime"];if(Module["print"])out=Module["print"];if(Module["printErr"])err=Module["printErr"];if(Module["arguments"])programArgs=Module["arguments"];if(Module["thisProgram"])thisProgram=Module["thisProgram"];var preInit=Module["preInit"];if(preInit){if(typeof preInit=="function")Module["preInit"]=preInit=[preInit];while(preInit.length>0){preInit.shift()()}}}Module["getValue"]=getValue;Module["UTF8ToString"]=UTF8ToString;Module["stringToUTF8"]=stringToUTF8;Module["lengthBytesUTF8"]=lengthBytesUTF8;var _wasm_parse_query,_malloc,_free,_wasm_parse_query_raw,_wasm_free_parse_result,_wasm_parse_plpgsql,_wasm_fingerprint,_wasm_normalize_query,_wasm_parse_query_detailed,_wasm_free_detailed_result,_wasm_scan,_wasm_free_string,__emscripten_timeout,_setThrew,__emscripten_stack_restore,_emscripten_stack_get_current,memory,__indirect_function_table,wasmMemory,wasmTable;function assignWasmExports(wasmExports){_wasm_parse_query=Module["_wasm_parse_query"]=wasmExports["B"];_malloc=Module["_malloc"]=wasmExports["C"];_free=Module["_free"]=wasmExports["E"];_wasm_parse_query_raw=Module["_wasm_parse_query_raw"]=wasmExports["F"];_wasm_free_parse_result=Module["_wasm_free_parse_result"]=wasmExports["G"];_wasm_parse_plpgsql=Module["_wasm_parse_plpgsql"]=wasmExports["H"];_wasm_fingerprint=Module["_wasm_fingerprint"]=wasmExports["I"];_wasm_normalize_query=Module["_wasm_normalize_query"]=wasmExports["J"];_wasm_parse_query_detailed=Module["_wasm_parse_query_detailed"]=wasmExports["K"];_wasm_free_detailed_result=Module["_wasm_free_detailed_result"]=wasmExports["L"];_wasm_scan=Module["_wasm_scan"]=wasmExports["M"];_wasm_free_string=Module["_wasm_free_string"]=wasmExports["N"];__emscripten_timeout=wasmExports["O"];_setThrew=wasmExports["P"];__emscripten_stack_restore=wasmExports["Q"];_emscripten_stack_get_current=wasmExports["R"];memory=wasmMemory=wasmExports["z"];__indirect_function_table=wasmTable=wasmExports["D"]}var wasmImports={c:___assert_fail,x:__abort_js,w:__emscripten_runtime_keepalive_clear,p:__emscripten_throw_longjmp,o:__setitimer_js,q:_emscripten_resize_heap,m:_exit,u:_fd_close,r:_fd_read,s:_fd_seek,t:_fd_write,g:invoke_i,b:invoke_ii,a:invoke_iii,d:invoke_iiii,k:invoke_iiiii,l:invoke_ji,e:invoke_v,f:invoke_vi,h:invoke_vii,j:invoke_viii,i:invoke_viiii,y:invoke_viiiii,n:invoke_viiiiiiiiiiiii,v:_proc_exit};function invoke_iii(index,a1,a2){var sp=stackSave();try{return getWasmTableEntry(index)(a1,a2)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_ii(index,a1){var sp=stackSave();try{return getWasmTableEntry(index)(a1)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_i(index){var sp=stackSave();try{return getWasmTableEntry(index)()}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_v(index){var sp=stackSave();try{getWasmTableEntry(index)()}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_iiii(index,a1,a2,a3){var sp=stackSave();try{return getWasmTableEntry(index)(a1,a2,a3)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_viiii(index,a1,a2,a3,a4){var sp=stackSave();try{getWasmTableEntry(index)(a1,a2,a3,a4)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_viiiiiiiiiiiii(index,a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13){var sp=stackSave();try{getWasmTableEntry(index)(a1,a2,a3,a4,a5,a6,a7,a8,a9,a10,a11,a12,a13)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_iiiii(index,a1,a2,a3,a4){var sp=stackSave();try{return getWasmTableEntry(index)(a1,a2,a3,a4)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_viii(index,a1,a2,a3){var sp=stackSave();try{getWasmTableEntry(index)(a1,a2,a3)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_vi(index,a1){var sp=stackSave();try{getWasmTableEntry(index)(a1)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_vii(index,a1,a2){var sp=stackSave();try{getWasmTableEntry(index)(a1,a2)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_viiiii(index,a1,a2,a3,a4,a5){var sp=stackSave();try{getWasmTableEntry(index)(a1,a2,a3,a4,a5)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0)}}function invoke_ji(index,a1){var sp=stackSave();try{return getWasmTableEntry(index)(a1)}catch(e){stackRestore(sp);if(!(e instanceof EmscriptenEH))throw e;_setThrew(1,0);return 0n}}async function run(){preRun();if(runDependencies){await resolveRunDependencies()}var setStatus=Module["setStatus"];if(setStatus){setStatus("Running...");await new Promise(resolve=>setTimeout(resolve,1));setTimeout(setStatus,1,"")}if(ABORT)return;initRuntime();Module["onRuntimeInitialized"]?.();postRun()}var wasmExports;wasmExports=await createWasm();await run();
;return Module}})();if(true){module.exports=PgQueryModule;module.exports["default"]=PgQueryModule}else {}


/***/ }),

/***/ 598:
/***/ ((module) => {

"use strict";
module.exports = require("node:crypto");

/***/ }),

/***/ 24:
/***/ ((module) => {

"use strict";
module.exports = require("node:fs");

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
/******/ 			__webpack_modules__[moduleId](module, module.exports, __nccwpck_require__);
/******/ 			threw = false;
/******/ 		} finally {
/******/ 			if(threw) delete __webpack_module_cache__[moduleId];
/******/ 		}
/******/ 	
/******/ 		// Return the exports of the module
/******/ 		return module.exports;
/******/ 	}
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
/******/ 	/* webpack/runtime/hasOwnProperty shorthand */
/******/ 	(() => {
/******/ 		__nccwpck_require__.o = (obj, prop) => (Object.prototype.hasOwnProperty.call(obj, prop))
/******/ 	})();
/******/ 	
/************************************************************************/
var __webpack_exports__ = {};
// This entry need to be wrapped in an IIFE because it need to be in strict mode.
(() => {
"use strict";

;// CONCATENATED MODULE: external "node:path"
const external_node_path_namespaceObject = require("node:path");
;// CONCATENATED MODULE: external "node:v8"
const external_node_v8_namespaceObject = require("node:v8");
;// CONCATENATED MODULE: external "node:worker_threads"
const external_node_worker_threads_namespaceObject = require("node:worker_threads");
// EXTERNAL MODULE: ../node_modules/libpg-query/wasm/libpg-query.js
var libpg_query = __nccwpck_require__(241);
var libpg_query_default = /*#__PURE__*/__nccwpck_require__.n(libpg_query);
// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __nccwpck_require__(24);
;// CONCATENATED MODULE: ./src/review/tree.ts
const none = {};
function asFields(value) {
    return typeof value === 'object' && value !== null ? value : none;
}
/** The node that a value is; undefined for what is none. */
function asNode(value) {
    const entry = Object.entries(asFields(value))[0];
    return entry === undefined ? undefined : { kind: entry[0], fields: asFields(entry[1]) };
}
/** A field that is a list, as nodes. */
function nodesOf(fields, name) {
    const value = fields[name];
    return Array.isArray(value) ? value.flatMap((item) => asNode(item) ?? []) : [];
}
/** A field that is one node of any kind. */
function nodeOf(fields, name) {
    return asNode(fields[name]);
}
/** A field whose kind is fixed, so that it is not wrapped in it (`relation`, `typeName`). */
function fieldsOf(fields, name) {
    return asFields(fields[name]);
}
function textOf(fields, name) {
    const value = fields[name];
    return typeof value === 'string' ? value : '';
}
function flagOf(fields, name) {
    return fields[name] === true;
}
/** A place in the text, in bytes; undefined when PostgreSQL gives none (then it says 0, -1 or nothing). */
function locationOf(fields) {
    const value = fields['location'];
    return typeof value === 'number' && value > 0 ? value : undefined;
}
/** The words of a dotted name: `[{"String":{"sval":"public"}},{"String":{"sval":"t"}}]`. */
function wordsOf(fields, name) {
    return stringsOf(nodesOf(fields, name));
}
function stringsOf(nodes) {
    return nodes.flatMap(({ kind, fields }) => (kind === 'String' ? [textOf(fields, 'sval')] : []));
}
/** The value of an option `WITH (name = value)`, or of a clause that PostgreSQL keeps as one. */
function optionOf(fields, list, name) {
    return nodesOf(fields, list).find((node) => node.kind === 'DefElem' && textOf(node.fields, 'defname') === name);
}
/** A constant text, boolean or whole number in an expression; undefined for what is computed. */
function constantOf(node) {
    if (node?.kind === 'TypeCast')
        return constantOf(nodeOf(node.fields, 'arg'));
    if (node?.kind !== 'A_Const')
        return undefined;
    const { fields } = node;
    if ('sval' in fields)
        return textOf(fieldsOf(fields, 'sval'), 'sval');
    if ('boolval' in fields)
        return flagOf(fieldsOf(fields, 'boolval'), 'boolval');
    if (!('ival' in fields))
        return undefined;
    const number = fieldsOf(fields, 'ival')['ival'];
    return typeof number === 'number' ? number : 0;
}
/**
 * Every node below a value, itself included, in the order of the text. Not recursive: trees are as deep as the text says. What
 * `isEntered` refuses is visited and not entered.
 */
function* walk(root, isEntered = () => true) {
    const rest = [['', root]];
    for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
        const [name, value] = next;
        if (typeof value !== 'object' || value === null)
            continue;
        // A kind is written with a capital letter, a field without.
        const isNode = /^[A-Z]/.test(name) && !Array.isArray(value);
        if (isNode)
            yield { kind: name, fields: asFields(value) };
        if (isNode && !isEntered(name))
            continue;
        for (const [inner, child] of Object.entries(value).reverse())
            rest.push([Array.isArray(value) ? '' : inner, child]);
    }
}

;// CONCATENATED MODULE: ./src/review/pg-parser.ts


/** What the parser may take for itself, in bytes; its own limit would be 1 GiB. */
const mostMemory = 128 * 1024 * 1024;
/**
 * Loads the parser.
 * @param wasmFile libpg-query.wasm
 */
async function loadPgParser(loadPgQuery, wasmFile) {
    const compiled = await WebAssembly.compile((0,external_node_fs_.readFileSync)(wasmFile));
    const create = () => startModule(loadPgQuery, async (imports) => WebAssembly.instantiate(compiled, imports));
    return new Libpgquery(create, await create());
}
function startModule(loadPgQuery, instantiate) {
    return new Promise((resolve, reject) => {
        loadPgQuery({
            instantiateWasm: (imports, done) => {
                instantiate(imports).then((instance) => {
                    boundMemory(instance);
                    done(instance);
                }, reject);
            },
        }).then(resolve, reject);
    });
}
/** Never leaves this file: the parse counts as exhausted. */
class OutOfMemory extends Error {
}
/** A worker's limits do not count WebAssembly's memory. What may not grow makes malloc answer NULL. */
function boundMemory({ exports }) {
    for (const memory of Object.values(exports)) {
        if (!(memory instanceof WebAssembly.Memory))
            continue;
        const grow = memory.grow.bind(memory);
        memory.grow = (pages) => {
            if (memory.buffer.byteLength + pages * 65_536 > mostMemory)
                throw new OutOfMemory();
            return grow(pages);
        };
    }
}
class Libpgquery {
    #create;
    #module;
    #isSpent = false;
    constructor(create, module) {
        this.#create = create;
        this.#module = module;
    }
    parse(sql) {
        return this.#guard((module) => {
            const result = this.#call(module, module._wasm_parse_query_raw, sql);
            try {
                const error = module.getValue(result + 8, 'i32');
                if (error !== 0)
                    return refusal(module, error);
                const tree = asFields(JSON.parse(module.UTF8ToString(module.getValue(result, 'i32'))));
                return { kind: 'parsed', value: readStatements(tree) };
            }
            finally {
                module._wasm_free_parse_result(result);
            }
        });
    }
    parsePlpgsql(statement) {
        return this.#guard((module) => {
            const result = this.#call(module, module._wasm_parse_plpgsql, statement);
            try {
                const text = module.UTF8ToString(result);
                // A JSON object, or an error's message.
                if (text.startsWith('{'))
                    return { kind: 'parsed', value: asFields(JSON.parse(text)) };
                return { kind: 'refused', message: text, at: undefined };
            }
            finally {
                module._wasm_free_string(result);
            }
        });
    }
    async renew() {
        if (!this.#isSpent)
            return;
        this.#module = await this.#create();
        this.#isSpent = false;
    }
    /** An exception that is not PostgreSQL's own leaves the module in an unknown state: it is not used again. */
    #guard(read) {
        if (this.#isSpent)
            return { kind: 'exhausted' };
        try {
            const parsed = read(this.#module);
            return isExhaustion(parsed) ? { kind: 'exhausted' } : parsed;
        }
        catch {
            this.#isSpent = true;
            return { kind: 'exhausted' };
        }
    }
    #call(module, parse, sql) {
        const size = module.lengthBytesUTF8(sql) + 1;
        const text = module._malloc(size);
        if (text === 0)
            throw new OutOfMemory();
        try {
            module.stringToUTF8(sql, text, size);
            const result = parse(text);
            if (result === 0)
                throw new OutOfMemory();
            return result;
        }
        finally {
            module._free(text);
        }
    }
}
/** PostgreSQL's parser says so itself when its own stack or memory does not suffice. */
function isExhaustion(parsed) {
    return parsed.kind === 'refused' && /^(memory exhausted|out of memory|stack depth limit)/.test(parsed.message);
}
/** Fields of PgQueryError, four bytes each: message, function, file, line, cursor position (from 1; 0 = none). */
function refusal(module, error) {
    const position = module.getValue(error + 16, 'i32');
    return {
        kind: 'refused',
        message: module.UTF8ToString(module.getValue(error, 'i32')),
        at: position > 0 ? position - 1 : undefined,
    };
}
function readStatements(tree) {
    const list = tree['stmts'];
    if (!Array.isArray(list))
        return [];
    return list.flatMap((entry) => {
        const fields = asFields(entry);
        const node = asNode(fields['stmt']);
        const location = fields['stmt_location'];
        return node === undefined ? [] : [{ node, location: typeof location === 'number' ? location : 0 }];
    });
}

;// CONCATENATED MODULE: ./src/review/check-psql.ts
/** What a backslash command does that no SQL review sees. */
function checkMetaCommand({ name, args }, file) {
    const shown = `\\${name}`;
    if (name === '!' || args.includes('`') || isPipe(name, args) || (name === 'copy' && /\bprogram\b/i.test(args)))
        return [{ rule: 'psql-shell', object: shown, what: `${shown} runs a shell command` }];
    if (/^(i|ir|include|include_relative)$/.test(name))
        return [{ rule: 'psql-include', object: args.split(/\s/)[0] || file, what: `${shown} reads ${args}` }];
    if (name === 'c' || name === 'connect')
        return [{ rule: 'psql-connect', object: args.split(/\s/)[0] || file, what: `${shown} connects elsewhere` }];
    if (name === 'gexec')
        return [{ rule: 'dynamic-sql', object: file, what: '\\gexec runs what the query returns' }];
    if ((name === 'set' || name === 'unset') && ignoresErrors(name, args))
        return [{ rule: 'psql-ignores-errors', object: args.split(/\s/)[0] ?? '', what: `${shown} ${args}` }];
    return [];
}
function isPipe(name, args) {
    return /^(o|out|w|write|g|gx)$/.test(name) && /^(\([^)]*\)\s*)?\|/.test(args);
}
function ignoresErrors(name, args) {
    const [variable = '', value = ''] = args.split(/\s+/);
    const isOn = name === 'set' && !/^['"]?(off|0|false|no)?['"]?$/i.test(value);
    if (variable === 'ON_ERROR_STOP')
        return !isOn && !(name === 'set' && value === '');
    return variable === 'ON_ERROR_ROLLBACK' && isOn;
}

;// CONCATENATED MODULE: ./src/review/names.ts

function toName(words) {
    const name = words.at(-1) ?? '';
    const schema = words.at(-2) ?? '';
    // PostgreSQL has folded the case of what is not quoted already.
    return { shown: schema === '' ? name : `${schema}.${name}`, key: `${schema}.${name}` };
}
/** A RangeVar. */
function relationOf(fields, field = 'relation') {
    const range = fieldsOf(fields, field);
    return toName([textOf(range, 'schemaname'), textOf(range, 'relname')]);
}
/** Whether a RangeVar is a temporary table. */
function isTemporary(fields) {
    return textOf(fieldsOf(fields, 'relation'), 'relpersistence') === 't';
}
/** Whether it says ONLY: of a partitioned table, the parent alone, which has no rows. */
function isOnly(fields) {
    return !flagOf(fieldsOf(fields, 'relation'), 'inh');
}
/** A dotted name that a field holds as a list of words. */
function wordsName(fields, field) {
    return toName(wordsOf(fields, field));
}
/** One object of a DROP, COMMENT or RENAME: a word, a list of words, a type, or a routine with its arguments. */
function objectName(node) {
    if (node === undefined)
        return toName([]);
    if (node.kind === 'String')
        return toName([textOf(node.fields, 'sval')]);
    if (node.kind === 'List')
        return toName(stringsOf(nodesOf(node.fields, 'items')));
    if (node.kind === 'TypeName')
        return wordsName(node.fields, 'names');
    if (node.kind === 'ObjectWithArgs')
        return wordsName(node.fields, 'objname');
    return toName([]);
}
/** What a RENAME or SET SCHEMA is about: its relation, or its object. */
function targetOf(fields) {
    return 'relation' in fields ? relationOf(fields) : objectName(nodeOf(fields, 'object'));
}

;// CONCATENATED MODULE: ./src/review/check-index.ts


/** Indexes and other things that are built under a lock. */
const checkIndex = ({ kind, fields }, scope) => {
    const table = relationOf(fields);
    switch (kind) {
        case 'IndexStmt': {
            if (flagOf(fields, 'concurrent') || isOnly(fields) || scope.isNew(table))
                return [];
            const object = textOf(fields, 'idxname') || table.shown;
            return [{ rule: 'require-concurrent-index-creation', object, what: `builds an index of ${table.shown}` }];
        }
        case 'ReindexStmt': {
            if (isOn(fields, 'params', 'concurrently') || scope.isNew(table))
                return [];
            const object = table.shown || textOf(fields, 'name');
            return [{ rule: 'require-concurrent-reindex', object, what: `rebuilds indexes of ${object}` }];
        }
        case 'RefreshMatViewStmt':
            if (flagOf(fields, 'concurrent') || flagOf(fields, 'skipData') || scope.isNew(table))
                return [];
            return [{ rule: 'require-concurrent-refresh', object: table.shown, what: `fills ${table.shown} again` }];
        case 'ClusterStmt': {
            if (scope.isNew(table))
                return [];
            const object = table.shown || 'database';
            return [{ rule: 'prefer-repack', object, what: `sorts the table ${object}` }];
        }
        case 'VacuumStmt': {
            if (!flagOf(fields, 'is_vacuumcmd') || !isOn(fields, 'options', 'full'))
                return [];
            const first = nodesOf(fields, 'rels')[0];
            const object = first === undefined ? 'database' : relationOf(first.fields).shown;
            return [{ rule: 'prefer-repack', object, what: `rewrites ${object}` }];
        }
        default:
            return [];
    }
};
/** An option in parentheses is on where it stands alone. */
function isOn(fields, list, name) {
    const option = optionOf(fields, list, name);
    if (option === undefined)
        return false;
    const value = nodeOf(option.fields, 'arg');
    const text = value?.kind === 'String' ? textOf(value.fields, 'sval') : constantOf(value);
    return !(text === false || text === 'false' || text === 'off' || text === 0);
}
const never = {
    VacuumStmt: 'VACUUM',
    CreatedbStmt: 'CREATE DATABASE',
    DropdbStmt: 'DROP DATABASE',
    CreateTableSpaceStmt: 'CREATE TABLESPACE',
    DropTableSpaceStmt: 'DROP TABLESPACE',
    AlterSystemStmt: 'ALTER SYSTEM',
    CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
    DropSubscriptionStmt: 'DROP SUBSCRIPTION',
};
/**
 * What PostgreSQL refuses inside a transaction, in words; undefined for all else.
 * (PreventInTransactionBlock in its sources.)
 */
function describeNonTransactional(kind, fields) {
    if (kind === 'IndexStmt')
        return flagOf(fields, 'concurrent') ? 'CREATE INDEX CONCURRENTLY' : undefined;
    if (kind === 'DropStmt')
        return flagOf(fields, 'concurrent') ? 'DROP INDEX CONCURRENTLY' : undefined;
    if (kind === 'ReindexStmt') {
        if (isOn(fields, 'params', 'concurrently'))
            return 'REINDEX CONCURRENTLY';
        return /_(SCHEMA|SYSTEM|DATABASE)$/.test(textOf(fields, 'kind')) ? 'REINDEX of more than a table' : undefined;
    }
    if (kind === 'ClusterStmt')
        return 'relation' in fields ? undefined : 'CLUSTER of the whole database';
    if (kind === 'VacuumStmt' && !flagOf(fields, 'is_vacuumcmd'))
        return undefined;
    if (kind === 'AlterDatabaseStmt')
        return optionOf(fields, 'options', 'tablespace') === undefined ? undefined : 'ALTER DATABASE SET TABLESPACE';
    if (kind === 'AlterTableStmt')
        return nodesOf(fields, 'cmds').some((command) => flagOf(nodeOf(command.fields, 'def')?.fields ?? {}, 'concurrent'))
            ? 'DETACH PARTITION CONCURRENTLY'
            : undefined;
    return never[kind];
}

;// CONCATENATED MODULE: ./src/review/check-data.ts


/** These hold statements that run later, by somebody else, or never. */
const later = new Set(['CreateFunctionStmt', 'RuleStmt', 'ViewStmt', 'CreatePolicyStmt', 'CreateTrigStmt']);
/** Rows: TRUNCATE, DELETE and UPDATE of a whole table, wherever in a statement they stand. */
const checkData = (statement, scope) => {
    if (later.has(statement.kind) || isExplained(statement))
        return [];
    if (statement.kind === 'TruncateStmt')
        return truncateRemarks(statement, scope);
    const remarks = [];
    for (const node of walk({ [statement.kind]: statement.fields }, (kind) => !later.has(kind))) {
        if (node.kind !== 'DeleteStmt' && node.kind !== 'UpdateStmt')
            continue;
        const table = relationOf(node.fields);
        if (scope.isNew(table) || !isForAll(nodeOf(node.fields, 'whereClause')))
            continue;
        const object = table.shown;
        const at = locationOf(fieldsOf(node.fields, 'relation'));
        if (node.kind === 'DeleteStmt')
            remarks.push({ rule: 'delete-without-where', object, at, what: `deletes every row of ${object}` });
        else
            remarks.push({ rule: 'update-without-where', object, at, what: `updates every row of ${object}` });
    }
    return remarks;
};
/** EXPLAIN without ANALYZE runs nothing. */
function isExplained({ kind, fields }) {
    return (kind === 'ExplainStmt' &&
        !nodesOf(fields, 'options').some((option) => textOf(option.fields, 'defname') === 'analyze'));
}
function truncateRemarks({ fields }, scope) {
    const isCascade = textOf(fields, 'behavior') === 'DROP_CASCADE';
    return nodesOf(fields, 'relations').flatMap((range) => {
        const table = relationOf({ relation: range.fields });
        if (scope.isNew(table))
            return [];
        const object = table.shown;
        if (isCascade)
            return [{ rule: 'ban-truncate-cascade', object, what: `empties ${object} and what refers to it` }];
        return [{ rule: 'ban-truncate', object, what: `empties ${object}` }];
    });
}
/** No condition, or one that holds for every row: `true`, `1 = 1`. */
function isForAll(condition) {
    if (condition === undefined || constantOf(condition) === true)
        return true;
    if (condition.kind !== 'A_Expr' || stringsOf(nodesOf(condition.fields, 'name')).join('') !== '=')
        return false;
    const left = constantOf(nodeOf(condition.fields, 'lexpr'));
    return left !== undefined && left === constantOf(nodeOf(condition.fields, 'rexpr'));
}
/** What reaches beyond the database's own rows and names. */
const checkReach = ({ kind, fields }, scope) => {
    const object = relationOf(fields).shown;
    if (kind === 'CopyStmt' && flagOf(fields, 'is_program'))
        return [
            {
                rule: 'copy-program',
                object,
                what: `copies through the program ${JSON.stringify(textOf(fields, 'filename'))}`,
            },
        ];
    if (kind === 'LockStmt')
        return nodesOf(fields, 'relations')
            .map((range) => relationOf({ relation: range.fields }))
            .filter((table) => !scope.isNew(table))
            .map((table) => ({ rule: 'lock-table', object: table.shown, what: `locks ${table.shown}` }));
    const serverWide = serverWideKinds[kind];
    if (serverWide !== undefined)
        return [{ rule: 'server-wide-statement', object: serverObject(fields), what: serverWide }];
    if (kind === 'CreateDomainStmt' && nodesOf(fields, 'constraints').length > 0) {
        const name = wordsName(fields, 'domainname').shown;
        return [
            { rule: 'ban-create-domain-with-constraint', object: name, what: `creates the domain ${name} with a constraint` },
        ];
    }
    if (kind === 'AlterDomainStmt' && nodeOf(fields, 'def')?.kind === 'Constraint') {
        const name = wordsName(fields, 'typeName').shown;
        return [
            { rule: 'ban-alter-domain-with-add-constraint', object: name, what: `adds a constraint to the domain ${name}` },
        ];
    }
    return [];
};
const serverWideKinds = {
    AlterSystemStmt: 'changes a setting of the whole server',
    CreatedbStmt: 'creates a database',
    AlterDatabaseStmt: 'changes a database',
    AlterDatabaseSetStmt: "changes a database's settings",
    CreateRoleStmt: 'creates a role',
    AlterRoleStmt: 'changes a role',
    AlterRoleSetStmt: "changes a role's settings",
    DropRoleStmt: 'drops a role',
    GrantRoleStmt: 'changes who belongs to a role',
    CreateTableSpaceStmt: 'creates a tablespace',
    DropTableSpaceStmt: 'drops a tablespace',
};
function serverObject(fields) {
    const [named] = ['dbname', 'role', 'tablespacename']
        .map((field) => textOf(fields, field))
        .filter((text) => text !== '');
    if (named !== undefined)
        return named;
    const roles = [...nodesOf(fields, 'roles'), ...nodesOf(fields, 'grantee_roles')].map((role) => textOf(role.fields, 'rolename'));
    return (roles[0] ??
        (textOf(fieldsOf(fields, 'role'), 'rolename') || textOf(fieldsOf(fields, 'setstmt'), 'name') || 'server'));
}

;// CONCATENATED MODULE: ./src/review/check-drop.ts


const drops = {
    OBJECT_TABLE: ['ban-drop-table', 'the table'],
    OBJECT_FOREIGN_TABLE: ['ban-drop-table', 'the foreign table'],
    OBJECT_VIEW: ['ban-drop-view', 'the view'],
    OBJECT_MATVIEW: ['ban-drop-view', 'the materialized view'],
    OBJECT_SCHEMA: ['ban-drop-schema', 'the schema'],
    OBJECT_TYPE: ['ban-drop-type', 'the type'],
    OBJECT_DOMAIN: ['ban-drop-type', 'the domain'],
    OBJECT_SEQUENCE: ['ban-drop-sequence', 'the sequence'],
    OBJECT_FUNCTION: ['ban-drop-function', 'the function'],
    OBJECT_PROCEDURE: ['ban-drop-function', 'the procedure'],
    OBJECT_ROUTINE: ['ban-drop-function', 'the routine'],
    OBJECT_AGGREGATE: ['ban-drop-function', 'the aggregate'],
    OBJECT_EXTENSION: ['ban-drop-extension', 'the extension'],
};
/** Renaming these changes a name that an app may use; indexes, constraints, triggers and policies are nobody's business. */
const renames = {
    OBJECT_COLUMN: ['renaming-column', 'the column'],
    OBJECT_ATTRIBUTE: ['renaming-column', 'the attribute'],
    OBJECT_TABLE: ['renaming-table', 'the table'],
    OBJECT_FOREIGN_TABLE: ['renaming-table', 'the foreign table'],
    OBJECT_VIEW: ['renaming-object', 'the view'],
    OBJECT_MATVIEW: ['renaming-object', 'the materialized view'],
    OBJECT_SCHEMA: ['renaming-object', 'the schema'],
    OBJECT_TYPE: ['renaming-object', 'the type'],
    OBJECT_DOMAIN: ['renaming-object', 'the domain'],
    OBJECT_SEQUENCE: ['renaming-object', 'the sequence'],
    OBJECT_FUNCTION: ['renaming-object', 'the function'],
    OBJECT_PROCEDURE: ['renaming-object', 'the procedure'],
    OBJECT_ROUTINE: ['renaming-object', 'the routine'],
    OBJECT_ROLE: ['renaming-object', 'the role'],
    OBJECT_DATABASE: ['renaming-object', 'the database'],
};
const recreatable = /^(ban-drop-view|ban-drop-function)$/;
/** DROP …: data, and names that the old version uses. */
const checkDrop = ({ kind, fields }, scope) => {
    if (kind === 'DropdbStmt') {
        const object = textOf(fields, 'dbname');
        return [{ rule: 'ban-drop-database', object, what: `drops the database ${object}` }];
    }
    if (kind === 'DropOwnedStmt') {
        const object = nodesOf(fields, 'roles')
            .map((role) => textOf(role.fields, 'rolename'))
            .join(',');
        return [{ rule: 'drop-owned', object, what: `drops everything that ${object} owns` }];
    }
    if (kind !== 'DropStmt')
        return [];
    const type = textOf(fields, 'removeType');
    return nodesOf(fields, 'objects').flatMap((node) => {
        const name = objectName(node);
        if (scope.isNew(name) || scope.isNewRoutine(name))
            return [];
        const object = name.shown;
        if (type === 'OBJECT_INDEX')
            return flagOf(fields, 'concurrent')
                ? []
                : [{ rule: 'require-concurrent-index-deletion', object, what: `drops the index ${object}` }];
        const drop = drops[type];
        if (drop === undefined)
            return [];
        const [rule, noun] = drop;
        const remark = { rule, object, what: `drops ${noun} ${object}` };
        return [recreatable.test(rule) ? { ...remark, unless: { kind: 'recreated', key: object } } : remark];
    });
};
/** RENAME and SET SCHEMA. */
const checkRename = ({ kind, fields }, scope) => {
    const name = targetOf(fields);
    if (kind === 'AlterObjectSchemaStmt') {
        const isApps = textOf(fields, 'objectType') !== 'OBJECT_EXTENSION';
        const what = `moves ${name.shown} to the schema ${textOf(fields, 'newschema')}`;
        return isApps && !scope.isNew(name) ? [{ rule: 'ban-set-schema', object: name.shown, what }] : [];
    }
    if (kind === 'AlterEnumStmt')
        return enumRemarks(textOf(fields, 'oldVal'), textOf(fields, 'newVal'), enumName(fields));
    const rename = kind === 'RenameStmt' ? renames[textOf(fields, 'renameType')] : undefined;
    if (rename === undefined || scope.isNew(name))
        return [];
    const [rule, noun] = rename;
    const part = textOf(fields, 'subname');
    // A schema, role or database has its name where a column has the name of its part.
    const object = [name.shown, part].filter((text) => text !== '').join('.');
    return [{ rule, object, what: `renames ${noun} ${object} to ${textOf(fields, 'newname')}` }];
};
function enumName(fields) {
    return stringsOf(nodesOf(fields, 'typeName')).join('.');
}
function enumRemarks(from, to, object) {
    if (from !== '')
        return [{ rule: 'renaming-object', object, what: `renames the value ${from} of ${object} to ${to}` }];
    return [{ rule: 'adding-enum-value', object, what: `adds the value ${to} to ${object}` }];
}

;// CONCATENATED MODULE: ./src/review/check-robust.ts


/** CREATE statements and the field that says IF NOT EXISTS or OR REPLACE; '' where PostgreSQL has neither. */
const creations = {
    CreateStmt: ['CREATE TABLE', 'if_not_exists'],
    CreateTableAsStmt: ['CREATE TABLE AS', 'if_not_exists'],
    CreateSeqStmt: ['CREATE SEQUENCE', 'if_not_exists'],
    CreateSchemaStmt: ['CREATE SCHEMA', 'if_not_exists'],
    CreateExtensionStmt: ['CREATE EXTENSION', 'if_not_exists'],
    ViewStmt: ['CREATE VIEW', 'replace'],
    CreateFunctionStmt: ['CREATE FUNCTION', 'replace'],
    CreateTrigStmt: ['CREATE TRIGGER', 'replace'],
    CreateEnumStmt: ['CREATE TYPE', ''],
    CompositeTypeStmt: ['CREATE TYPE', ''],
    CreateDomainStmt: ['CREATE DOMAIN', ''],
    CreatePolicyStmt: ['CREATE POLICY', ''],
    CreateRoleStmt: ['CREATE ROLE', ''],
};
/** What of a statement fails when it runs a second time; undefined when it may. */
function describeFragile({ kind, fields }, scope) {
    if (kind === 'IndexStmt') {
        const name = textOf(fields, 'idxname');
        return flagOf(fields, 'if_not_exists') || scope.isDropped(name) ? undefined : `CREATE INDEX ${name}`.trim();
    }
    if (kind === 'DropStmt')
        return flagOf(fields, 'missing_ok') ? undefined : `DROP of ${objectName(nodesOf(fields, 'objects')[0]).shown}`;
    if (kind === 'RenameStmt')
        return `RENAME to ${textOf(fields, 'newname')}`;
    if (kind === 'AlterEnumStmt')
        return flagOf(fields, 'skipIfNewValExists') ? undefined : `ALTER TYPE ADD VALUE ${textOf(fields, 'newVal')}`;
    if (kind === 'AlterTableStmt')
        return fragileCommand(fields, scope);
    const creation = creations[kind];
    if (creation === undefined)
        return undefined;
    const [words, guard] = creation;
    return guard !== '' && flagOf(fields, guard) ? undefined : words;
}
function fragileCommand(fields, scope) {
    const table = relationOf(fields).shown;
    for (const { fields: command } of nodesOf(fields, 'cmds')) {
        const name = textOf(command, 'name');
        const definition = nodeOf(command, 'def')?.fields ?? {};
        const constraint = textOf(definition, 'conname');
        const isGuarded = flagOf(command, 'missing_ok');
        switch (textOf(command, 'subtype')) {
            case 'AT_AddColumn':
                if (!isGuarded)
                    return `ADD COLUMN ${table}.${textOf(definition, 'colname')}`;
                break;
            case 'AT_DropColumn':
                if (!isGuarded)
                    return `DROP COLUMN ${table}.${name}`;
                break;
            case 'AT_DropConstraint':
                if (!isGuarded)
                    return `DROP CONSTRAINT ${name}`;
                break;
            case 'AT_AddConstraint':
                if (!scope.isDropped(`${table}.${constraint}`))
                    return `ADD CONSTRAINT ${constraint}`.trim();
        }
    }
    return undefined;
}

;// CONCATENATED MODULE: ./src/review/check-column.ts


/** Functions whose value is the same for every row of one statement; a default made of others rewrites the table. */
const steady = new Set(('now transaction_timestamp statement_timestamp timezone date_trunc date_part to_timestamp to_date to_char make_date ' +
    'make_interval make_timestamptz age lower upper concat format length md5 coalesce round abs ' +
    'jsonb_build_object jsonb_build_array json_build_object json_build_array to_json to_jsonb string_to_array array_fill ' +
    'current_setting current_schema current_database pg_backend_pid int4range int8range numrange tsrange tstzrange daterange').split(' '));
/** ALTER TABLE … ADD COLUMN. */
function columnRemarks(column, table) {
    const object = `${table.shown}.${textOf(column, 'colname')}`;
    const at = locationOf(column);
    const constraints = nodesOf(column, 'constraints');
    const find = (type) => constraints.find(({ fields }) => textOf(fields, 'contype') === type);
    const isSerial = /serial[248]?$/.test(wordsOf(fieldsOf(column, 'typeName'), 'names').at(-1) ?? '');
    const isFilled = isSerial || find('CONSTR_IDENTITY') !== undefined || find('CONSTR_GENERATED') !== undefined;
    const value = defaultOf(find('CONSTR_DEFAULT'));
    const isRequired = find('CONSTR_NOTNULL') !== undefined || find('CONSTR_PRIMARY') !== undefined;
    const remarks = [];
    if (isRequired && !isFilled && value === undefined)
        remarks.push({ rule: 'adding-required-field', object, at, what: `adds ${object} NOT NULL without a default` });
    const rewrite = rewriteReason(isSerial, find, value);
    if (rewrite !== undefined)
        remarks.push({ rule: 'adding-field-with-default', object, at, what: `adds ${object} with ${rewrite}` });
    if (find('CONSTR_PRIMARY') !== undefined)
        remarks.push({ rule: 'adding-serial-primary-key-field', object, at, what: `adds ${object} as the primary key` });
    if (find('CONSTR_UNIQUE') !== undefined)
        remarks.push({ rule: 'disallowed-unique-constraint', object, at, what: `adds ${object} UNIQUE` });
    // PostgreSQL checks no foreign key of a column that is NULL in every row.
    if (find('CONSTR_FOREIGN') !== undefined && (value !== undefined || isFilled))
        remarks.push({ rule: 'adding-foreign-key-constraint', object, at, what: `adds ${object} with a foreign key` });
    if (find('CONSTR_CHECK') !== undefined)
        remarks.push({ rule: 'constraint-missing-not-valid', object, at, what: `adds ${object} with a CHECK` });
    return remarks;
}
/** DEFAULT NULL is no default. */
function defaultOf(constraint) {
    const value = constraint === undefined ? undefined : nodeOf(constraint.fields, 'raw_expr');
    return value?.kind === 'A_Const' && flagOf(value.fields, 'isnull') ? undefined : value;
}
function rewriteReason(isSerial, find, value) {
    if (isSerial)
        return 'a value from a sequence in every row';
    if (find('CONSTR_IDENTITY') !== undefined)
        return 'an identity in every row';
    const generated = find('CONSTR_GENERATED');
    if (generated !== undefined)
        return textOf(generated.fields, 'generated_kind') === 'v' ? undefined : 'a stored, generated value in every row';
    const unsteady = value === undefined ? undefined : unsteadyFunction(value);
    return unsteady === undefined ? undefined : `a default that ${unsteady}() computes for each row`;
}
function unsteadyFunction(value) {
    for (const node of walk({ [value.kind]: value.fields })) {
        if (node.kind !== 'FuncCall')
            continue;
        const name = wordsName(node.fields, 'funcname').shown.replace(/^pg_catalog\./, '');
        if (!steady.has(name))
            return name;
    }
    return undefined;
}

;// CONCATENATED MODULE: ./src/review/check-constraint.ts

/** ALTER TABLE … ADD CONSTRAINT. */
function constraintRemarks(constraint, table) {
    const name = textOf(constraint, 'conname');
    const object = name === '' ? table.shown : `${table.shown}.${name}`;
    const at = locationOf(constraint);
    const to = `to ${table.shown}`;
    const isChecked = !flagOf(constraint, 'skip_validation');
    const hasIndex = 'indexname' in constraint;
    switch (textOf(constraint, 'contype')) {
        case 'CONSTR_CHECK':
            if (!isChecked)
                return [];
            return [{ rule: 'constraint-missing-not-valid', object, at, what: `adds a CHECK ${to} and checks all rows` }];
        case 'CONSTR_FOREIGN':
            if (!isChecked)
                return [];
            return [
                { rule: 'adding-foreign-key-constraint', object, at, what: `adds a foreign key ${to} and checks all rows` },
            ];
        case 'CONSTR_NOTNULL': {
            if (!isChecked)
                return [];
            const column = `${table.shown}.${textOf(nodesOf(constraint, 'keys')[0]?.fields ?? {}, 'sval')}`;
            return [{ rule: 'adding-not-nullable-field', object: column, at, what: `makes ${column} NOT NULL` }];
        }
        case 'CONSTR_PRIMARY':
            if (hasIndex)
                return [];
            return [{ rule: 'adding-serial-primary-key-field', object, at, what: `adds a primary key ${to}` }];
        case 'CONSTR_UNIQUE':
            if (hasIndex)
                return [];
            return [{ rule: 'disallowed-unique-constraint', object, at, what: `adds a UNIQUE constraint ${to}` }];
        case 'CONSTR_EXCLUSION':
            return [{ rule: 'adding-exclusion-constraint', object, at, what: `adds an EXCLUDE constraint ${to}` }];
        default:
            return [];
    }
}

;// CONCATENATED MODULE: ./src/review/check-table.ts




const rewriting = {
    AT_SetLogged: 'makes it logged',
    AT_SetUnLogged: 'makes it unlogged',
    AT_SetTableSpace: 'moves it to another tablespace',
    AT_SetAccessMethod: 'changes its access method',
    AT_SetExpression: 'changes a generated column',
};
/** ALTER TABLE. A table that the file itself created holds no rows and serves nobody. */
const checkAlterTable = ({ kind, fields }, scope) => {
    if (kind !== 'AlterTableStmt')
        return [];
    const table = relationOf(fields);
    if (scope.isNew(table))
        return [];
    return nodesOf(fields, 'cmds').flatMap((command) => commandRemarks(command.fields, table, scope));
};
function commandRemarks(command, table, scope) {
    const subtype = textOf(command, 'subtype');
    const name = textOf(command, 'name');
    const definition = nodeOf(command, 'def')?.fields;
    const column = `${table.shown}.${name}`;
    switch (subtype) {
        case 'AT_AddColumn':
            return definition === undefined ? [] : columnRemarks(definition, table);
        case 'AT_AddConstraint':
            return definition === undefined ? [] : constraintRemarks(definition, table);
        case 'AT_DropColumn':
            return [{ rule: 'ban-drop-column', object: column, what: `drops the column ${column}` }];
        case 'AT_AlterColumnType':
            return [{ rule: 'changing-column-type', object: column, what: `changes the type of ${column}` }];
        case 'AT_SetNotNull':
            if (scope.isNeverNull(table, name))
                return [];
            return [{ rule: 'adding-not-nullable-field', object: column, what: `makes ${column} NOT NULL` }];
        case 'AT_DropNotNull':
            return [{ rule: 'ban-drop-not-null', object: column, what: `lets ${column} be NULL` }];
        case 'AT_ColumnDefault':
            return definition === undefined ? dropDefaultRemarks(table, name, scope) : [];
        case 'AT_ValidateConstraint':
            return validateRemarks(table, name, scope);
        case 'AT_DetachPartition':
            return flagOf(definition ?? {}, 'concurrent') ? [] : detachRemarks(definition ?? {}, table);
        default:
            return otherRemarks(subtype, table);
    }
}
/** What Django does: add NOT NULL with a default, drop the default at once. */
function dropDefaultRemarks(table, name, scope) {
    if (!scope.isRequired(table, name))
        return [];
    const object = `${table.shown}.${name}`;
    const what = `takes the default away from ${object}, which the same file added as NOT NULL`;
    return [{ rule: 'adding-required-field', object, what }];
}
function validateRemarks(table, name, scope) {
    if (!scope.isNotValid(table, name) || !scope.isTransactionOpen)
        return [];
    const object = `${table.shown}.${name}`;
    const what = `validates the constraint ${object} in the transaction that added it, which still holds its lock`;
    return [{ rule: 'constraint-missing-not-valid', object, what }];
}
function detachRemarks(command, table) {
    const partition = relationOf(command, 'name').shown;
    const what = `detaches the partition ${partition} of ${table.shown}`;
    return [{ rule: 'require-concurrent-partition-detach', object: partition, what }];
}
function otherRemarks(subtype, table) {
    const rewrite = rewriting[subtype];
    const object = table.shown;
    if (rewrite !== undefined)
        return [{ rule: 'table-rewrite', object, what: `${rewrite}: ${object}` }];
    if (subtype.startsWith('AT_DisableTrig'))
        return [{ rule: 'ban-disable-trigger', object, what: `disables triggers of ${object}` }];
    return [];
}

;// CONCATENATED MODULE: ./src/review/check-transaction.ts



/** How a statement stands to the transaction around it. */
function checkTransaction({ kind, fields }, scope, runs, file) {
    const refused = describeNonTransactional(kind, fields);
    if (refused !== undefined && scope.isTransactionOpen) {
        const rule = kind === 'IndexStmt' ? 'ban-concurrent-index-creation-in-transaction' : 'non-transactional-statement';
        const object = textOf(fields, 'idxname') || relationOf(fields).shown || file;
        const remark = { rule, object, what: `${refused} stands in a transaction` };
        return [runs === 'single-transaction' ? { ...remark, unless: { kind: 'no-transaction-needed' } } : remark];
    }
    if (kind !== 'TransactionStmt')
        return [];
    const control = textOf(fields, 'kind').replace('TRANS_STMT_', '');
    const what = nestingOf(control, scope.isTransactionOpen, runs);
    return what === undefined ? [] : [{ rule: 'transaction-nesting', object: file, what }];
}
function nestingOf(control, isOpen, runs) {
    const words = control.replace('START', 'START TRANSACTION').replaceAll('_', ' ');
    const isControl = /^(BEGIN|START|COMMIT|ROLLBACK|PREPARE|COMMIT_PREPARED|ROLLBACK_PREPARED)$/.test(control);
    if (runs === 'single-transaction')
        return isControl ? `${words} inside the one transaction in which the file runs` : undefined;
    if (control === 'BEGIN' || control === 'START')
        return isOpen ? `${words} inside a transaction` : undefined;
    return (control === 'COMMIT' || control === 'ROLLBACK') && !isOpen ? `${words} without a transaction` : undefined;
}
const lockers = new Set([
    'AlterTableStmt',
    'TruncateStmt',
    'IndexStmt',
    'DropStmt',
    'RenameStmt',
    'AlterObjectSchemaStmt',
    'LockStmt',
    'ClusterStmt',
    'RefreshMatViewStmt',
    'CreateTrigStmt',
]);
/** Which timeouts a statement that waits for a lock of an old table lacks. */
function checkTimeouts({ kind, fields }, scope, file) {
    // What is built CONCURRENTLY keeps nobody waiting.
    if (!lockers.has(kind) || scope.isNew(relationOf(fields)) || describeNonTransactional(kind, fields) !== undefined)
        return [];
    const remarks = [];
    const what = (name) => `takes a lock without ${name}`;
    if (!scope.hasLockTimeout)
        remarks.push({ rule: 'require-lock-timeout', object: file, what: what('lock_timeout') });
    if (!scope.hasStatementTimeout)
        remarks.push({ rule: 'require-statement-timeout', object: file, what: what('statement_timeout') });
    return remarks;
}
/** SET lock_timeout = 0: no limit at all. */
function checkTimeoutOff({ kind, fields }) {
    const name = kind === 'VariableSetStmt' ? textOf(fields, 'name') : '';
    if (name !== 'lock_timeout' && name !== 'statement_timeout')
        return [];
    const value = constantOf(nodesOf(fields, 'args')[0]);
    const isOff = typeof value === 'number' ? value === 0 : typeof value === 'string' && /^0\s*\D*$/.test(value);
    return isOff ? [{ rule: 'ban-timeout-off', object: name, what: `switches ${name} off` }] : [];
}

;// CONCATENATED MODULE: ./src/review/lines.ts
/** Finds the line of a place in a text, 1-based, for many places in ascending or any order. */
function lineFinder(text) {
    const starts = [0];
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
        starts.push(at + 1);
    return (offset) => {
        let low = 0;
        let high = starts.length - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if ((starts[middle] ?? 0) <= offset)
                low = middle;
            else
                high = middle - 1;
        }
        return low + 1;
    };
}
/** Turns a place in bytes of UTF-8 into one in UTF-16 units. */
function unitsOf(text, bytes) {
    // eslint-disable-next-line no-control-regex -- the whole of ASCII
    return /^[\x00-\x7f]*$/.test(text) ? bytes : Buffer.from(text).subarray(0, bytes).toString().length;
}
/** Turns a place in characters (code points) into one in UTF-16 units. */
function unitsOfCharacters(text, characters) {
    let units = 0;
    for (let count = 0; count < characters && units < text.length; count++)
        units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
    return units;
}

;// CONCATENATED MODULE: ./src/review/routine-body.ts


/** The body of a DO or CREATE FUNCTION; undefined for one that the standard writes without quotes. */
function bodyOf({ kind, fields }) {
    const list = kind === 'DoStmt' ? 'args' : 'options';
    const option = optionOf(fields, list, 'as');
    if (option === undefined)
        return undefined;
    const value = nodeOf(option.fields, 'arg');
    const text = value?.kind === 'List' ? nodesOf(value.fields, 'items')[0] : value;
    const language = nodeOf(optionOf(fields, list, 'language')?.fields ?? {}, 'arg');
    const place = option.fields['location'];
    return {
        language: (language === undefined ? 'plpgsql' : textOf(language.fields, 'sval')).toLowerCase(),
        text: textOf(text?.fields ?? {}, 'sval'),
        at: typeof place === 'number' && place > 0 ? place : 0,
    };
}
/** Reads what libpg-query makes of a body, in the order of the text. */
function readPlpgsql(tree) {
    const statements = [];
    for (const { kind, fields } of walk(tree)) {
        if (!kind.startsWith('PLpgSQL_stmt_'))
            continue;
        const lineno = fields['lineno'];
        const line = typeof lineno === 'number' ? lineno : 1;
        for (const [field, value] of Object.entries(fields)) {
            const expression = asFields(value)['PLpgSQL_expr'];
            if (expression === undefined)
                continue;
            const text = textOf(asFields(expression), 'query');
            const isDynamic = field === 'dynquery' || (field === 'query' && /_dyn(execute|fors)$/.test(kind));
            const mode = asFields(expression)['parseMode'];
            if (isDynamic)
                statements.push({ kind: 'dynamic', expression: text, line });
            // 0: a statement, 2: an expression; the others are assignments.
            else if (mode === 0 || mode === undefined)
                statements.push({ kind: 'sql', sql: text, line });
            else if (mode === 2)
                statements.push({ kind: 'sql', sql: `SELECT ${text}`, line });
        }
    }
    return statements;
}
/** The text that `SELECT <expression>` gives, if it is a constant. */
function constantText(select) {
    const target = nodesOf(select.fields, 'targetList')[0];
    const value = target === undefined ? undefined : constantOf(nodeOf(target.fields, 'val'));
    return typeof value === 'string' ? value : undefined;
}
/** Routines that a statement calls itself, by CALL or in a query; not those in a body that it defines. */
function callsOf({ kind, fields }) {
    if (/^(Create|ViewStmt|RuleStmt|AlterTableStmt|IndexStmt)/.test(kind) && kind !== 'CreateTableAsStmt')
        return [];
    const calls = [];
    if (kind === 'CallStmt')
        calls.push(wordsName(asFields(fields['funccall']), 'funcname'));
    for (const node of walk(fields))
        if (node.kind === 'FuncCall')
            calls.push(wordsName(node.fields, 'funcname'));
    return calls;
}
/** PL/pgSQL's parser knows no catalog: a type taken from a column is replaced by one that it knows, in the same length. */
function withoutCopiedTypes(statement) {
    return statement.replaceAll(/[\w".]+\s*%\s*(?:row)?type\b/gi, (type) => 'text'.padEnd(type.length));
}
/** The statements of BEGIN ATOMIC … END, or RETURN; empty for a quoted body. */
function atomicBody(fields) {
    const statements = [];
    for (const node of walk(fields['sql_body'], (kind) => kind === 'List'))
        if (node.kind !== 'List' && !flagOf(node.fields, 'isReturn'))
            statements.push(node);
    return statements;
}

;// CONCATENATED MODULE: ./src/review/scope.ts


/** What a file did up to a statement, as far as later statements are judged by it. */
class Scope {
    #new = new Set();
    #required = new Set();
    #notValid = new Set();
    #notNullChecks = new Map();
    #neverNull = new Set();
    #dropped = new Set();
    #routines = new Map();
    /** Stands for the schema of names that have none: another one after each change of the search path. */
    #path = 'public';
    #paths = 0;
    /** Between BEGIN and COMMIT. */
    isTransactionOpen = false;
    hasLockTimeout = false;
    hasStatementTimeout = false;
    /** For a body that may run or not: what it creates is new inside only. */
    branch() {
        const copy = new Scope();
        for (const key of this.#new)
            copy.#new.add(key);
        for (const key of this.#required)
            copy.#required.add(key);
        for (const [name, routine] of this.#routines)
            copy.#routines.set(name, routine);
        copy.#path = this.#path;
        copy.#paths = this.#paths;
        copy.isTransactionOpen = this.isTransactionOpen;
        copy.hasLockTimeout = this.hasLockTimeout;
        copy.hasStatementTimeout = this.hasStatementTimeout;
        return copy;
    }
    /** `t` and `public.t` are one table, unless the file sets another search path. */
    #resolve({ key }) {
        return key.startsWith('.') ? `${this.#path}${key}` : key;
    }
    /** Whether the file has created it for sure: nobody else has seen it yet, so no lock and no loss matters. */
    isNew(name) {
        return this.#new.has(this.#resolve(name));
    }
    isNewRoutine(name) {
        return this.#routines.has(this.#resolve(name));
    }
    /** A column that the file added as NOT NULL, with a default that old versions' inserts need. */
    isRequired(table, column) {
        return this.#required.has(`${this.#resolve(table)}.${column}`);
    }
    /** A constraint that the file added as NOT VALID. */
    isNotValid(table, constraint) {
        return this.#notValid.has(`${this.#resolve(table)}.${constraint}`);
    }
    /** A validated CHECK (column IS NOT NULL) spares SET NOT NULL its scan. */
    isNeverNull(table, column) {
        return this.#neverNull.has(`${this.#resolve(table)}.${column}`);
    }
    /** Dropped before, IF EXISTS: so that creating it cannot fail because it is there. */
    isDropped(object) {
        return this.#dropped.has(object);
    }
    routine(name) {
        return this.#routines.get(this.#resolve(name));
    }
    learnRoutine(routine) {
        this.#routines.set(this.#resolve(wordsName(routine.fields, 'funcname')), routine);
    }
    /** Takes in what a statement did, after it was judged. */
    learn({ kind, fields }) {
        if (kind === 'CreateStmt')
            this.#create(fields);
        else if (kind === 'CreateTableAsStmt')
            this.#createAs(fields, fieldsOf(fields, 'into'));
        else if (kind === 'SelectStmt')
            this.#select(fields);
        else if (kind === 'ViewStmt' && !flagOf(fields, 'replace'))
            this.#addNew(relationOf(fields, 'view'));
        else if (kind === 'CreateSeqStmt' && !flagOf(fields, 'if_not_exists'))
            this.#addNew(relationOf(fields, 'sequence'));
        else if (kind === 'CreateEnumStmt')
            this.#addNew(wordsName(fields, 'typeName'));
        else if (kind === 'CompositeTypeStmt')
            this.#addNew(relationOf(fields, 'typevar'));
        else if (kind === 'CreateDomainStmt')
            this.#addNew(wordsName(fields, 'domainname'));
        else if (kind === 'IndexStmt')
            this.#index(fields);
        else if (kind === 'CreateSchemaStmt')
            this.#schema(fields);
        else if (kind === 'DropStmt')
            this.#drop(fields);
        else if (kind === 'RenameStmt' || kind === 'AlterObjectSchemaStmt')
            this.#move(fields);
        else if (kind === 'AlterTableStmt')
            this.#alter(fields);
        else if (kind === 'VariableSetStmt')
            this.#set(textOf(fields, 'name'));
        else if (kind === 'TransactionStmt')
            this.#transact(textOf(fields, 'kind'));
    }
    #create(fields) {
        // IF NOT EXISTS: it may be an old one. A partition of a new table is as new as that.
        if (flagOf(fields, 'if_not_exists') && !isTemporary(fields))
            return;
        this.#addNew(relationOf(fields));
    }
    #addNew(name) {
        this.#new.add(this.#resolve(name));
    }
    #createAs(fields, into) {
        if (!flagOf(fields, 'if_not_exists'))
            this.#addNew(relationOf(into, 'rel'));
    }
    #select(fields) {
        if ('intoClause' in fields)
            this.#createAs({}, fieldsOf(fields, 'intoClause'));
        for (const call of walk(fields)) {
            if (call.kind !== 'FuncCall' || wordsName(call.fields, 'funcname').shown !== 'set_config')
                continue;
            const name = constantOf(nodesOf(call.fields, 'args')[0]);
            if (typeof name === 'string')
                this.#set(name);
        }
    }
    #index(fields) {
        const table = relationOf(fields);
        const key = this.#resolve(table);
        if (this.isNew(table))
            this.#new.add(`${key.slice(0, key.indexOf('.'))}.${textOf(fields, 'idxname')}`);
    }
    #schema(fields) {
        if (!flagOf(fields, 'if_not_exists'))
            this.#new.add(`${this.#path}.${textOf(fields, 'schemaname')}`);
        for (const element of nodesOf(fields, 'schemaElts'))
            this.learn(element);
    }
    #drop(fields) {
        for (const object of nodesOf(fields, 'objects')) {
            const name = objectName(object);
            this.#new.delete(this.#resolve(name));
            if (flagOf(fields, 'missing_ok'))
                this.#dropped.add(name.shown);
        }
    }
    #move(fields) {
        const from = this.#resolve(targetOf(fields));
        if ('subname' in fields || !this.#new.delete(from))
            return;
        const [schema = '', name = ''] = from.split('.');
        this.#new.add(`${textOf(fields, 'newschema') || schema}.${textOf(fields, 'newname') || name}`);
    }
    #alter(fields) {
        const table = this.#resolve(relationOf(fields));
        for (const { fields: command } of nodesOf(fields, 'cmds')) {
            const subtype = textOf(command, 'subtype');
            const name = textOf(command, 'name');
            const definition = nodeOf(command, 'def');
            if (subtype === 'AT_AddColumn' && definition !== undefined)
                this.#addColumn(table, definition.fields);
            else if (subtype === 'AT_AddConstraint' && definition !== undefined)
                this.#addConstraint(table, definition.fields);
            else if (subtype === 'AT_ValidateConstraint') {
                const column = this.#notNullChecks.get(`${table}.${name}`);
                if (column !== undefined)
                    this.#neverNull.add(`${table}.${column}`);
            }
            else if (subtype === 'AT_DropConstraint' && flagOf(command, 'missing_ok')) {
                this.#dropped.add(`${relationOf(fields).shown}.${name}`);
            }
        }
    }
    #addColumn(table, column) {
        const kinds = nodesOf(column, 'constraints').map(({ fields }) => textOf(fields, 'contype'));
        if (kinds.includes('CONSTR_NOTNULL') && kinds.includes('CONSTR_DEFAULT'))
            this.#required.add(`${table}.${textOf(column, 'colname')}`);
    }
    #addConstraint(table, constraint) {
        const key = `${table}.${textOf(constraint, 'conname')}`;
        if (flagOf(constraint, 'skip_validation'))
            this.#notValid.add(key);
        const column = neverNullColumn(constraint);
        if (column === undefined)
            return;
        this.#notNullChecks.set(key, column);
        if (!flagOf(constraint, 'skip_validation'))
            this.#neverNull.add(`${table}.${column}`);
    }
    #set(name) {
        if (name === 'lock_timeout')
            this.hasLockTimeout = true;
        if (name === 'statement_timeout' || name === 'transaction_timeout')
            this.hasStatementTimeout = true;
        if (name !== 'search_path')
            return;
        this.#path = `path ${++this.#paths}`;
    }
    #transact(kind) {
        if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START')
            this.isTransactionOpen = true;
        if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_PREPARE')
            this.isTransactionOpen = false;
        if (kind === 'TRANS_STMT_ROLLBACK')
            this.isTransactionOpen = false;
        // What was created may not be there any more.
        if (kind.startsWith('TRANS_STMT_ROLLBACK'))
            this.#new.clear();
    }
}
/** The column of CHECK (column IS NOT NULL), or of PostgreSQL 18's NOT NULL constraint. */
function neverNullColumn(constraint) {
    const kind = textOf(constraint, 'contype');
    const key = nodesOf(constraint, 'keys')[0];
    if (kind === 'CONSTR_NOTNULL' && key !== undefined)
        return textOf(key.fields, 'sval');
    const test = nodeOf(constraint, 'raw_expr');
    if (kind !== 'CONSTR_CHECK' || test?.kind !== 'NullTest' || textOf(test.fields, 'nulltesttype') !== 'IS_NOT_NULL')
        return undefined;
    const words = nodesOf(fieldsOf(fieldsOf(test.fields, 'arg'), 'ColumnRef'), 'fields');
    return words[0] === undefined || words.length > 1 ? undefined : textOf(words[0].fields, 'sval');
}

;// CONCATENATED MODULE: ./src/sql/meta-command.ts
const sending = /^(g|gx|gexec|gset|gdesc|crosstabview|watch|bind_named|parse)$/;
/** They take the rest of the line, whatever is in it. */
const greedy = /^(!|copy|ef|ev|sf|sv|h|help)$/;
/**
 * Reads the command at a backslash. Its arguments end at the line's end, at `\\`, after which the script goes on, or at the
 * backslash of the next command; in quotes none of these counts.
 */
function readMetaCommand(source, at) {
    const line = source.slice(at + 1, lineEnd(source, at));
    const name = /^(?:[A-Za-z_]+\+?|.)?/u.exec(line)?.[0] ?? '';
    const rest = line.slice(name.length);
    const length = greedy.test(name) ? rest.length : argumentsLength(rest);
    const isSeparated = rest.startsWith('\\\\', length);
    const args = rest.slice(0, length).trim();
    return {
        name,
        args,
        end: at + 1 + name.length + length + (isSeparated ? 2 : 0),
        isSending: sending.test(name),
        hasData: name === 'copy' && /\bfrom\s+p?stdin\b/i.test(args),
    };
}
function argumentsLength(rest) {
    let quote = '';
    for (let at = 0; at < rest.length; at++) {
        const char = rest.charAt(at);
        if (quote !== '') {
            if (char === '\\' && quote === "'")
                at++;
            else if (char === quote)
                quote = '';
        }
        else if (char === '\\')
            return at;
        else if (char === "'" || char === '"' || char === '`')
            quote = char;
    }
    return rest.length;
}
function lineEnd(source, at) {
    const end = source.indexOf('\n', at);
    return end < 0 ? source.length : end;
}

;// CONCATENATED MODULE: ./src/sql/sql-text.ts

/**
 * Cuts a script into statements. Never fails: what is not closed becomes a last piece that the parser refuses.
 * @param onLiteral is told where each string and each dollar-quoted text begins and ends
 */
function cutSql(source, onLiteral) {
    return new Cutter(source, onLiteral).run();
}
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const dollarQuote = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const variable = /:(?:(\{\?\w+\})|(["'])?[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)/y;
function matchAt(pattern, source, at) {
    pattern.lastIndex = at;
    return pattern.exec(source);
}
/** The scanner of psql (its psqlscan.l), as far as it decides where a statement ends. */
class Cutter {
    #source;
    #onLiteral;
    #pieces = [];
    #comments = [];
    #metaCommands = [];
    #at = 0;
    #start = 0;
    #parts = [];
    #copied = 0;
    #from = -1;
    #to = 0;
    #parens = 0;
    #brackets = 0;
    #begins = 0;
    #words = [];
    #isCopyFromStdin = false;
    #ifs = 0;
    constructor(source, onLiteral) {
        this.#source = source;
        this.#onLiteral = onLiteral;
    }
    run() {
        const { length } = this.#source;
        if (this.#source.startsWith('\uFEFF'))
            this.#blank(1);
        while (this.#at < length)
            this.#step();
        this.#end(false);
        return { pieces: this.#pieces, comments: this.#comments, metaCommands: this.#metaCommands };
    }
    #step() {
        const source = this.#source;
        const char = source.charCodeAt(this.#at);
        if (char === 32 || (char >= 9 && char <= 13))
            this.#at++;
        else if (source.startsWith('--', this.#at))
            this.#comment(sql_text_lineEnd(source, this.#at));
        else if (source.startsWith('/*', this.#at))
            this.#block(commentEnd(source, this.#at));
        else if (char === 39)
            this.#literal(quoteEnd(source, this.#at, this.#isEscapeString()));
        else if (char === 34)
            this.#token(quoteEnd(source, this.#at, false));
        else if (char === 36)
            this.#dollar();
        else if (char === 92)
            this.#backslash();
        else if (char === 58)
            this.#colon();
        else if (char === 59 && this.#parens === 0 && this.#begins === 0)
            this.#end(true);
        else
            this.#wordOrSign(char);
    }
    /** Takes the text up to `end` as a part of the statement. */
    #token(end) {
        if (this.#from < 0)
            this.#from = this.#at;
        this.#at = end;
        this.#to = end;
    }
    #literal(end) {
        this.#onLiteral?.(this.#at, end);
        this.#token(end);
    }
    #wordOrSign(char) {
        const found = matchAt(word, this.#source, this.#at);
        if (found !== null) {
            this.#word(found[0]);
            return;
        }
        if (char === 40)
            this.#parens++;
        else if (char === 41)
            this.#parens = Math.max(0, this.#parens - 1);
        else if (char === 91)
            this.#brackets++;
        else if (char === 93)
            this.#brackets = Math.max(0, this.#brackets - 1);
        // A number swallows its letters, so that 1e'x' begins no escape string.
        const number = char >= 48 && char <= 57 ? /\d[\w.]*/y : /./sy;
        this.#token(this.#at + (matchAt(number, this.#source, this.#at)?.[0].length ?? 1));
    }
    #word(text) {
        this.#token(this.#at + text.length);
        const name = text.toLowerCase();
        const before = this.#words.at(-1);
        if (this.#words[0] === 'copy' && before === 'from' && name === 'stdin')
            this.#isCopyFromStdin = true;
        if (this.#parens === 0 && this.#isRoutine())
            this.#countBegin(name);
        if (this.#words.length < 4)
            this.#words.push(name);
        else
            this.#words[4] = name;
    }
    /** Bodies that the standard writes without quotes (BEGIN ATOMIC … END) hold semicolons; psql counts as this does. */
    #isRoutine() {
        const [first, ...rest] = this.#words;
        if (first !== 'create')
            return false;
        const kind = rest[0] === 'or' && rest[1] === 'replace' ? rest[2] : rest[0];
        return kind === 'function' || kind === 'procedure';
    }
    #countBegin(name) {
        if (name === 'begin' || (name === 'case' && this.#begins > 0))
            this.#begins++;
        else if (name === 'end' && this.#begins > 0)
            this.#begins--;
    }
    #isEscapeString() {
        return /(?<![\w$\u0080-\uffff])[eE]$/.test(this.#source.slice(Math.max(0, this.#at - 2), this.#at));
    }
    #dollar() {
        const quote = matchAt(dollarQuote, this.#source, this.#at)?.[0];
        const end = quote === undefined ? -1 : this.#source.indexOf(quote, this.#at + quote.length);
        if (quote === undefined)
            this.#token(this.#at + 1);
        else
            this.#literal(end < 0 ? this.#source.length : end + quote.length);
    }
    /** One that nobody closes is left to the parser, which refuses it. */
    #block(end) {
        if (end === undefined)
            this.#token(this.#source.length);
        else
            this.#comment(end);
    }
    #comment(end) {
        this.#comments.push({ text: this.#source.slice(this.#at, end), start: this.#at });
        this.#at = end;
    }
    /** `:name` becomes the name `_name`, `:'name'` a text, `:"name"` a quoted name: the tree has a place for each. */
    #colon() {
        const source = this.#source;
        const isCast = source.startsWith('::', this.#at);
        const found = isCast || this.#brackets > 0 ? null : matchAt(variable, source, this.#at);
        if (found === null) {
            this.#token(this.#at + (isCast ? 2 : 1));
            return;
        }
        const [whole, test, quote] = found;
        if (this.#from < 0)
            this.#from = this.#at;
        if (test !== undefined)
            this.#replace(whole.length, 'true'.padEnd(whole.length));
        else
            this.#replace(1, quote === undefined ? '_' : ' ');
        this.#to = this.#at;
    }
    #backslash() {
        const start = this.#at;
        const command = readMetaCommand(this.#source, start);
        if (command.name === ';') {
            this.#blank(1);
            return;
        }
        this.#metaCommands.push({ ...command, start });
        if (command.name === 'if')
            this.#ifs++;
        if (command.name === 'endif')
            this.#ifs = Math.max(0, this.#ifs - 1);
        this.#blank(command.end - start);
        if (command.isSending)
            this.#end(false);
        if (command.hasData)
            this.#copyData();
    }
    #blank(length) {
        this.#replace(length, ' '.repeat(length));
    }
    #replace(length, text) {
        this.#parts.push(this.#source.slice(this.#copied, this.#at), text);
        this.#at += length;
        this.#copied = this.#at;
    }
    #end(hasSemicolon) {
        const text = [...this.#parts, this.#source.slice(this.#copied, this.#at)].join('');
        if (hasSemicolon)
            this.#to = this.#at;
        if (this.#from >= 0) {
            const place = { start: this.#start, from: this.#from, to: this.#to };
            this.#pieces.push({ text, ...place, isConditional: this.#ifs > 0 });
        }
        const hasData = this.#isCopyFromStdin;
        if (hasSemicolon)
            this.#at++;
        this.#begin();
        if (hasData && hasSemicolon)
            this.#copyData();
    }
    #begin() {
        this.#start = this.#at;
        this.#copied = this.#at;
        this.#parts = [];
        this.#from = -1;
        this.#parens = 0;
        this.#brackets = 0;
        this.#begins = 0;
        this.#words = [];
        this.#isCopyFromStdin = false;
    }
    /** The lines after COPY … FROM STDIN up to `\.` are data. What stands between the semicolon and the line's end is SQL. */
    #copyData() {
        const rest = this.#source.slice(this.#at, sql_text_lineEnd(this.#source, this.#at));
        if (rest.trim() !== '' && !rest.trim().startsWith('--'))
            return;
        const end = /^\\\.[ \t\r]*$/m;
        const found = end.exec(this.#source.slice(this.#at));
        this.#at = found === null ? this.#source.length : this.#at + found.index + found[0].length;
        this.#begin();
    }
}
function sql_text_lineEnd(source, at) {
    const end = source.indexOf('\n', at);
    return end < 0 ? source.length : end;
}
/** Comments nest in PostgreSQL. undefined: it is never closed. */
function commentEnd(source, at) {
    const mark = /\/\*|\*\//g;
    mark.lastIndex = at;
    for (let depth = 0;;) {
        const found = mark.exec(source);
        if (found === null)
            return undefined;
        depth += found[0] === '/*' ? 1 : -1;
        if (depth === 0)
            return mark.lastIndex;
    }
}
/** Behind the closing quote; a doubled one does not close, and in E'…' a backslash takes the next character with it. */
function quoteEnd(source, at, hasEscapes) {
    const quote = source.charAt(at);
    let end = at + 1;
    while (end < source.length) {
        const char = source.charAt(end);
        if (hasEscapes && char === '\\')
            end += 2;
        else if (char !== quote)
            end++;
        else if (source.charAt(end + 1) === quote)
            end += 2;
        else
            return end + 1;
    }
    return source.length;
}

;// CONCATENATED MODULE: ./src/review/file-reviewer.ts












const checks = [
    checkAlterTable,
    checkDrop,
    checkRename,
    checkData,
    checkIndex,
    checkReach,
    checkTimeoutOff,
];
/** How deep bodies in bodies are followed: a routine that calls a routine, an EXECUTE of a DO. */
const deepest = 4;
/** Judges the statements of one file in order, and those of the bodies that they run. */
class FileReviewer {
    #file;
    #parser;
    #scope = new Scope();
    #remarks = [];
    #created = new Set();
    #fragile = [];
    #statements = 0;
    #needsTransaction = false;
    #beginLine = 0;
    constructor(file, parser) {
        this.#file = file;
        this.#parser = parser;
        this.#scope.isTransactionOpen = file.runs === 'single-transaction';
    }
    get statements() {
        return this.#statements;
    }
    /** A statement of the file itself. `line`: of its first word. */
    async judgePiece(text, from, line, isConditional) {
        const lineInPiece = lineFinder(text);
        const first = lineInPiece(from);
        const toLine = (units) => line + Math.max(0, lineInPiece(units) - first);
        const lineAt = (bytes) => toLine(Math.max(from, unitsOf(text, bytes)));
        const parsed = this.#parser.parse(text);
        if (parsed.kind === 'refused') {
            const at = parsed.at === undefined ? from : Math.max(from, unitsOfCharacters(text, parsed.at));
            this.#add({ rule: 'syntax-error', object: this.#file.path, what: parsed.message }, toLine(at));
        }
        if (parsed.kind === 'exhausted')
            await this.#giveUp(line);
        if (parsed.kind !== 'parsed')
            return;
        for (const { node } of parsed.value) {
            this.#statements++;
            await this.#judge(node, { scope: this.#scope, depth: 0, lineAt, text, from, isConditional });
        }
    }
    add(remark, line) {
        this.#add(remark, line);
    }
    /** What is left after the whole file is known. */
    finish() {
        const { path, runs } = this.#file;
        if (runs !== 'single-transaction' && this.#scope.isTransactionOpen && this.#beginLine > 0)
            this.#add({ rule: 'ban-uncommitted-transaction', object: path, what: 'begins a transaction and never commits' }, this.#beginLine);
        const isAlone = this.#statements === 1 && this.#fragile[0]?.isConcurrent !== true;
        const isFragile = runs === 'single-transaction' ? !this.#needsTransaction : runs === 'by-itself';
        const [first, ...others] = isAlone || !isFragile ? [] : this.#fragile;
        if (first !== undefined) {
            const more = others.length === 0 ? '' : `, and ${others.length} more statements`;
            this.#add({ rule: 'prefer-robust-stmts', object: path, what: `cannot run twice: ${first.what}${more}` }, first.line);
        }
        return this.#remarks.filter(({ unless }) => {
            if (unless === undefined)
                return true;
            return unless.kind === 'recreated' ? !this.#created.has(unless.key) : this.#needsTransaction;
        });
    }
    #add(remark, line) {
        this.#remarks.push({ ...remark, line });
    }
    async #giveUp(line) {
        this.#add({ rule: 'review-incomplete', object: this.#file.path, what: 'is too large or too deep to be parsed' }, line);
        await this.#parser.renew();
    }
    async #judge(node, place) {
        const { scope, lineAt } = place;
        const { path, runs } = this.#file;
        const start = lineAt(0);
        const remarks = [...checks.flatMap((check) => check(node, scope)), ...checkTransaction(node, scope, runs, path)];
        for (const remark of remarks)
            this.#add(remark, remark.at === undefined ? start : lineAt(remark.at));
        if (runs === 'by-itself')
            this.#addOnce(checkTimeouts(node, scope, path), start);
        if (place.depth === 0)
            this.#note(node, start);
        await this.#judgeBodies(node, place, start);
        if (place.isConditional)
            return;
        scope.learn(node);
        if (node.kind === 'CreateFunctionStmt')
            scope.learnRoutine({ fields: node.fields, text: place.text, from: place.from, line: start });
    }
    #addOnce(remarks, line) {
        for (const remark of remarks)
            if (!this.#remarks.some(({ rule }) => rule === remark.rule))
                this.#add(remark, line);
    }
    /** What counts for the file as a whole. */
    #note(node, line) {
        const { kind, fields } = node;
        const isConcurrent = describeNonTransactional(kind, fields) !== undefined;
        if (!isConcurrent && !/^(TransactionStmt|VariableSetStmt|VariableShowStmt)$/.test(kind))
            this.#needsTransaction = true;
        if (kind === 'ViewStmt')
            this.#created.add(relationOf(fields, 'view').shown);
        if (kind === 'CreateFunctionStmt')
            this.#created.add(wordsName(fields, 'funcname').shown);
        if (kind === 'TransactionStmt' && /_(BEGIN|START)$/.test(textOf(fields, 'kind')))
            this.#beginLine = line;
        const isGuarded = this.#file.runs === 'by-itself' && this.#scope.isTransactionOpen;
        const what = isGuarded ? undefined : describeFragile(node, this.#scope);
        if (what !== undefined)
            this.#fragile.push({ what, line, isConcurrent });
    }
    async #judgeBodies(node, place, line) {
        if (place.depth >= deepest)
            return;
        if (node.kind === 'DoStmt')
            await this.#judgeBody(node, place, this.#file.path, line);
        for (const name of callsOf(node)) {
            const routine = place.scope.routine(name);
            if (routine === undefined)
                continue;
            const { fields, text, from, line: first } = routine;
            const inner = { ...place, text, from, lineAt: () => first };
            await this.#judgeBody({ kind: 'CreateFunctionStmt', fields }, inner, name.shown, first);
        }
    }
    async #judgeBody(node, place, object, line) {
        const body = bodyOf(node);
        const inner = { ...place, depth: place.depth + 1, scope: place.scope.branch(), isConditional: false };
        // A body always runs in a transaction.
        inner.scope.isTransactionOpen = true;
        if (body === undefined) {
            for (const statement of atomicBody(node.fields))
                await this.#judge(statement, { ...inner, lineAt: () => line });
            return;
        }
        const first = bodyLine(place, body, line);
        if (body.language === 'sql')
            await this.#judgeSql(body.text, first, inner, object);
        else if (body.language === 'plpgsql')
            await this.#judgePlpgsql(inner, object, line, first);
        else
            this.#add({ rule: 'dynamic-sql', object, what: `runs ${body.language}, which is not reviewed` }, line);
    }
    async #judgePlpgsql(place, object, line, first) {
        const parsed = this.#parsePlpgsql(place.text);
        if (parsed.kind === 'exhausted')
            await this.#giveUp(line);
        if (parsed.kind === 'refused') {
            const isOurLimit = parsed.message === 'Not implemented';
            const what = `PL/pgSQL: ${isOurLimit ? 'the parser does not know all that it uses' : parsed.message}`;
            this.#add({ rule: isOurLimit ? 'dynamic-sql' : 'syntax-error', object, what }, line);
        }
        if (parsed.kind !== 'parsed')
            return;
        for (const statement of readPlpgsql(parsed.value)) {
            const at = first + statement.line - 1;
            if (statement.kind === 'sql')
                await this.#judgeSql(statement.sql, at, place, object);
            else
                await this.#judgeDynamic(statement.expression, at, place, object);
        }
    }
    #parsePlpgsql(statement) {
        const parsed = this.#parser.parsePlpgsql(statement);
        return parsed.kind === 'refused' ? this.#parser.parsePlpgsql(withoutCopiedTypes(statement)) : parsed;
    }
    /** EXECUTE of a text that stands there is as good as the statement itself. */
    async #judgeDynamic(expression, line, place, object) {
        const parsed = this.#parser.parse(`SELECT ${expression}`);
        if (parsed.kind === 'exhausted')
            return this.#giveUp(line);
        const select = parsed.kind === 'parsed' ? parsed.value[0]?.node : undefined;
        const text = select === undefined ? undefined : constantText(select);
        if (text !== undefined && place.depth < deepest) {
            await this.#judgeSql(text, line, { ...place, depth: place.depth + 1 }, object);
            return;
        }
        const shown = expression.length > 80 ? `${expression.slice(0, 77)}...` : expression;
        this.#add({ rule: 'dynamic-sql', object, what: `executes ${shown}` }, line);
    }
    async #judgeSql(sql, line, place, object) {
        const lineOf = lineFinder(sql);
        for (const { text, start, from } of cutSql(sql).pieces) {
            const at = line + lineOf(from) - 1;
            const parsed = this.#parser.parse(text);
            if (parsed.kind === 'exhausted')
                await this.#giveUp(at);
            if (parsed.kind === 'refused')
                this.#add({ rule: 'syntax-error', object, what: parsed.message }, at);
            if (parsed.kind !== 'parsed')
                continue;
            for (const { node } of parsed.value)
                await this.#judge(node, { ...place, text, from: from - start, lineAt: () => at });
        }
    }
}
/** Line of a body's first character: behind the quote that opens it. */
function bodyLine(place, body, line) {
    const at = unitsOf(place.text, body.at);
    const quote = /\$[^$]*\$|'/.exec(place.text.slice(at));
    const before = place.text.slice(place.from, at + (quote?.index ?? 0));
    return line + before.split('\n').length - 1;
}

;// CONCATENATED MODULE: ./src/review/finding.ts
/** Largest text that is reviewed, in bytes of UTF-8. */
const largestText = 2 * 1024 * 1024;

;// CONCATENATED MODULE: ./src/review/rule.ts
const gone = 'The version that still serves may use it, and what was in it is gone: only a backup brings it back.';
const dropLater = 'Ship a version that no longer uses it first, and drop it in a later deploy.';
const fullLock = 'It takes an ACCESS EXCLUSIVE lock: every read and write of the table waits until it ends.';
const scanLock = 'All rows are checked under a lock that blocks writes.';
const renamed = 'The version that still serves, and a rollback to it, look for the old name.';
const expand = 'Add the new one beside it, write both, move the readers over, and drop the old one in a later deploy.';
const batches = 'Work in batches by key range with a WHERE clause, outside the migration if there are many rows.';
/** Every rule of the review. */
const rules = {
    'syntax-error': {
        level: 'error',
        why: 'PostgreSQL would refuse it, or it cannot be read and so was not reviewed.',
        rewrite: 'Correct the statement.',
    },
    'review-incomplete': {
        level: 'error',
        why: 'The review has bounds (2 MB, 2 s and 512 MB a file); beyond them nothing is known about the file.',
        rewrite: 'Split the file; load bulk data with COPY from a file of its own.',
    },
    'ban-drop-table': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
    'ban-drop-column': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
    'ban-drop-database': { level: 'error', why: gone, rewrite: 'Drop databases by hand.', isIrreversible: true },
    'ban-drop-schema': { level: 'error', why: gone, rewrite: dropLater, isIrreversible: true },
    'ban-drop-view': {
        level: 'error',
        why: 'The version that still serves may read it.',
        rewrite: dropLater,
        isIrreversible: true,
    },
    'ban-drop-type': {
        level: 'error',
        why: 'With CASCADE the columns of that type go too; the version that still serves may use it.',
        rewrite: dropLater,
        isIrreversible: true,
    },
    'ban-drop-sequence': {
        level: 'error',
        why: 'Inserts that take their key from it fail.',
        rewrite: dropLater,
        isIrreversible: true,
    },
    'ban-drop-function': {
        level: 'warning',
        why: 'The version that still serves may call it.',
        rewrite: `Use CREATE OR REPLACE to change it. ${dropLater}`,
        isIrreversible: true,
    },
    'ban-drop-extension': {
        level: 'error',
        why: 'Types, functions and indexes of the extension go with it.',
        rewrite: dropLater,
        isIrreversible: true,
    },
    'drop-owned': {
        level: 'error',
        why: 'Everything that the role owns goes, and what that is the text does not say.',
        rewrite: 'Drop the objects by name.',
        isIrreversible: true,
    },
    'ban-truncate': {
        level: 'error',
        why: 'All rows are gone at once, under an ACCESS EXCLUSIVE lock.',
        rewrite: 'DELETE with a WHERE clause, in batches.',
        isIrreversible: true,
    },
    'ban-truncate-cascade': {
        level: 'error',
        why: 'All rows are gone, and those of every table that refers to it.',
        rewrite: 'Name every table, or DELETE with a WHERE clause.',
        isIrreversible: true,
    },
    'delete-without-where': { level: 'error', why: 'All rows are gone.', rewrite: batches, isIrreversible: true },
    'update-without-where': {
        level: 'error',
        why: 'Every row is written again in one transaction: locks until it ends, a table twice as large, old values gone.',
        rewrite: batches,
    },
    'adding-required-field': {
        level: 'error',
        why: 'It fails on a table with rows, and the version that still serves inserts rows without that column.',
        rewrite: 'Add it with a DEFAULT that stays, or nullable; fill it; SET NOT NULL in a later deploy (Django: `db_default`).',
        isIrreversible: true,
    },
    'adding-not-nullable-field': {
        level: 'error',
        why: `${fullLock} Meanwhile the table is scanned, and the version that still serves may write NULL.`,
        rewrite: 'ADD CONSTRAINT c CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT c in a file of its own; then SET NOT NULL, which needs no scan.',
    },
    'adding-field-with-default': {
        level: 'warning',
        why: `A default that differs by row rewrites the table. ${fullLock}`,
        rewrite: 'Add the column without it, SET DEFAULT for new rows, and fill old rows in batches.',
    },
    'adding-serial-primary-key-field': {
        level: 'error',
        why: `The index is built, or the table rewritten, under the lock. ${fullLock}`,
        rewrite: 'CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … PRIMARY KEY USING INDEX.',
    },
    'disallowed-unique-constraint': {
        level: 'error',
        why: `The index is built under the lock. ${fullLock}`,
        rewrite: 'CREATE UNIQUE INDEX CONCURRENTLY in a file of its own, then ADD CONSTRAINT … UNIQUE USING INDEX.',
    },
    'adding-exclusion-constraint': {
        level: 'error',
        why: `The index is built under the lock, and PostgreSQL knows no other way. ${fullLock}`,
        rewrite: 'Do it in a quiet hour, on a table small enough.',
    },
    'adding-foreign-key-constraint': {
        level: 'error',
        why: `${scanLock} Both tables are locked.`,
        rewrite: 'ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT in a file of its own.',
    },
    'constraint-missing-not-valid': {
        level: 'error',
        why: scanLock,
        rewrite: 'ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a file (a transaction) of its own.',
    },
    'changing-column-type': {
        level: 'error',
        why: `The table is rewritten, unless the types are binary compatible. ${fullLock}`,
        rewrite: expand,
    },
    'table-rewrite': { level: 'error', why: `The table is rewritten. ${fullLock}`, rewrite: 'Do it in a quiet hour.' },
    'renaming-column': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
    'renaming-table': {
        level: 'error',
        why: renamed,
        rewrite: 'Rename it and create a view of the old name in the same transaction; drop the view in a later deploy.',
        isIrreversible: true,
    },
    'renaming-object': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
    'ban-set-schema': { level: 'error', why: renamed, rewrite: expand, isIrreversible: true },
    'ban-drop-not-null': {
        level: 'warning',
        why: 'The version that still serves may not expect NULL.',
        rewrite: 'Make sure that every reader handles NULL first.',
    },
    'ban-disable-trigger': {
        level: 'warning',
        why: 'What writes meanwhile is not checked: foreign keys are triggers too.',
        rewrite: 'Leave triggers on, or enable them again in the same transaction.',
    },
    'ban-create-domain-with-constraint': {
        level: 'warning',
        why: 'A constraint of a domain cannot be changed without scanning every table that uses it.',
        rewrite: 'Put a CHECK on the column.',
    },
    'ban-alter-domain-with-add-constraint': {
        level: 'warning',
        why: 'Every table that uses the domain is scanned under a lock.',
        rewrite: 'Put a CHECK on the column, NOT VALID first.',
    },
    'adding-enum-value': {
        level: 'warning',
        why: 'A value cannot be taken away again, cannot be used in the transaction that adds it, and the version that still serves may not know it.',
        rewrite: 'Add it in a deploy before the one that writes it.',
    },
    'require-concurrent-index-creation': {
        level: 'error',
        why: 'Writes to the table wait until the index is built.',
        rewrite: 'CREATE INDEX CONCURRENTLY, in a file of its own and outside a transaction.',
    },
    'require-concurrent-index-deletion': {
        level: 'error',
        why: fullLock,
        rewrite: 'DROP INDEX CONCURRENTLY, in a file of its own and outside a transaction.',
    },
    'require-concurrent-reindex': {
        level: 'error',
        why: 'Writes to the table, and reads through the index, wait until it is built.',
        rewrite: 'REINDEX … CONCURRENTLY, outside a transaction.',
    },
    'require-concurrent-partition-detach': {
        level: 'error',
        why: fullLock,
        rewrite: 'DETACH PARTITION … CONCURRENTLY, outside a transaction.',
    },
    'require-concurrent-refresh': {
        level: 'warning',
        why: 'Readers of the view wait until it is filled.',
        rewrite: 'REFRESH MATERIALIZED VIEW CONCURRENTLY; the view needs a unique index.',
    },
    'ban-concurrent-index-creation-in-transaction': {
        level: 'error',
        why: 'PostgreSQL refuses it inside a transaction.',
        rewrite: 'Put it into a file of its own.',
    },
    'non-transactional-statement': {
        level: 'error',
        why: 'PostgreSQL refuses it inside a transaction.',
        rewrite: 'Put it into a file of its own.',
    },
    'transaction-nesting': {
        level: 'error',
        why: 'A COMMIT in the middle keeps what came before even when a later statement fails.',
        rewrite: 'Leave BEGIN, COMMIT and ROLLBACK out; split the file where it needs two transactions.',
    },
    'ban-uncommitted-transaction': {
        level: 'error',
        why: 'Without COMMIT nothing of it stays.',
        rewrite: 'Add COMMIT.',
    },
    'prefer-robust-stmts': {
        level: 'warning',
        why: 'Outside a transaction a run that stopped halfway cannot be run again: the second one fails here.',
        rewrite: 'IF NOT EXISTS or IF EXISTS; before CREATE INDEX CONCURRENTLY: DROP INDEX CONCURRENTLY IF EXISTS.',
    },
    'require-lock-timeout': {
        level: 'warning',
        why: 'While it waits for its lock behind one long query, every later query of the table waits behind it.',
        rewrite: "SET lock_timeout = '5s'; before it.",
    },
    'require-statement-timeout': {
        level: 'warning',
        why: 'A statement that takes longer than thought holds its locks as long as it runs.',
        rewrite: "SET statement_timeout = '15min'; before it.",
    },
    'ban-timeout-off': {
        level: 'warning',
        why: 'A lock that is waited for without end stops every later query of the table.',
        rewrite: 'Set the time that the statement may really take.',
    },
    'dynamic-sql': {
        level: 'warning',
        why: 'The statement is put together when it runs, so nobody has reviewed it.',
        rewrite: 'Write the statements out, or check by hand what it can become.',
    },
    'prefer-repack': {
        level: 'warning',
        why: `The whole table is written again. ${fullLock}`,
        rewrite: 'pg_repack, or a plain VACUUM.',
    },
    'lock-table': {
        level: 'warning',
        why: 'What the table serves waits until the transaction ends.',
        rewrite: 'Let each statement take the lock that it needs; set lock_timeout.',
    },
    'server-wide-statement': {
        level: 'warning',
        why: 'It changes more than this database: the whole server, its roles or its settings.',
        rewrite: 'Do it by hand, or where the server is set up.',
    },
    'copy-program': {
        level: 'error',
        why: "It runs a program on the database's server.",
        rewrite: 'COPY … FROM STDIN.',
    },
    'psql-shell': {
        level: 'error',
        why: 'It runs a shell command, which no review reads.',
        rewrite: 'Make it a command of the step.',
    },
    'psql-include': {
        level: 'error',
        why: 'The file that it reads was not reviewed with it.',
        rewrite: 'List that file itself.',
    },
    'psql-connect': {
        level: 'error',
        why: 'What follows runs in another database or as another role than the one that was backed up.',
        rewrite: 'Use a step of its own for each database.',
    },
    'psql-ignores-errors': {
        level: 'error',
        why: 'psql goes on after an error, and a half applied file counts as applied.',
        rewrite: 'Leave ON_ERROR_STOP alone.',
    },
    'unused-ignore': {
        level: 'warning',
        why: 'The comment takes nothing back: the statement changed, or the rule is misspelt.',
        rewrite: 'Remove it.',
    },
};
function isRuleName(name) {
    return Object.hasOwn(rules, name);
}
/** What one rule says; the table's narrow types widened. */
function ruleOf(name) {
    return rules[name];
}

;// CONCATENATED MODULE: ./src/review/ignore-comment.ts

const names = {
    // squawk's own name for both.
    'require-timeout-settings': ['require-lock-timeout', 'require-statement-timeout'],
};
/** Reads a comment; undefined when it is none of these. */
function readIgnoreComment(comment) {
    const found = /^(?:--|\/\*)\s*squawk-ignore(-file)?(?![\w-])[ \t:]*([\w-]+(?:\s*,\s*[\w-]+)*)?/.exec(comment);
    if (found === null)
        return undefined;
    const rules = (found[2] ?? '')
        .split(/\s*,\s*/)
        .filter((name) => name !== '')
        .flatMap((name) => names[name] ?? [name]);
    return { isForFile: found[1] !== undefined, rules };
}
/** Whether a comment is worth a word when it takes nothing back: squawk has rules of style that are none of ours. */
function isOurs({ rules }) {
    return rules.every(isRuleName);
}

;// CONCATENATED MODULE: ./src/review/review-sql.ts







/** Reviews one file. Never throws for what is in it. */
async function reviewSql(file, parser) {
    const refusal = refusalOf(file.text);
    if (refusal !== undefined)
        return oneFinding(file, refusal);
    const cut = cutSql(file.text);
    const lineAt = lineFinder(file.text);
    const reviewer = new FileReviewer(file, parser);
    for (const command of cut.metaCommands)
        for (const remark of checkMetaCommand(command, file.path))
            reviewer.add(remark, lineAt(command.start));
    for (const { text, start, from, isConditional } of cut.pieces)
        await reviewer.judgePiece(text, from - start, lineAt(from), isConditional);
    const ignores = placeIgnores(cut, lineAt);
    const remarks = reviewer.finish();
    const kept = remarks.filter((remark) => !ignores.some((ignore) => takesBack(ignore, remark)));
    const unused = ignores.filter((ignore) => isOurs(ignore) && !remarks.some((remark) => takesBack(ignore, remark)));
    const findings = [...kept, ...unused.map((ignore) => unusedRemark(ignore, file.path))].map((remark) => toFinding(file.path, remark));
    return {
        file: file.path,
        statements: reviewer.statements,
        findings: order(findings),
        ignored: remarks.length - kept.length,
        isIrreversible: remarks.some(({ rule }) => ruleOf(rule).isIrreversible === true),
    };
}
/** What stands in the way of reading a text at all. */
function refusalOf(text) {
    const bytes = Buffer.byteLength(text);
    if (bytes > largestText)
        return { rule: 'review-incomplete', what: `has ${bytes} bytes` };
    // The parser would read up to it and call that the whole.
    if (text.includes('\0'))
        return { rule: 'syntax-error', what: 'holds a NUL character' };
    return undefined;
}
/** The review of a file of which only one thing is known. */
function oneFinding(file, { rule, what }) {
    const finding = toFinding(file.path, { rule, what, object: file.path, line: 1 });
    return { file: file.path, statements: 0, findings: [finding], ignored: 0, isIrreversible: false };
}
/**
 * A comment speaks for the statement in which it stands, for the one on whose last line it stands, or for the next one; in a
 * quoted body, for its own line and the next.
 */
function placeIgnores({ pieces, comments }, lineAt) {
    const outer = comments.flatMap(({ text, start }) => {
        const ignore = readIgnoreComment(text);
        if (ignore === undefined)
            return [];
        const line = lineAt(start);
        const beside = pieces.findLast((piece) => piece.to <= start && lineAt(piece.to) === line);
        const piece = beside ?? pieces.find(({ to }) => to > start);
        const from = piece === undefined ? line : lineAt(piece.from);
        return [{ ...ignore, line, from, to: piece === undefined ? line : lineAt(piece.to) }];
    });
    const bodies = pieces.filter(({ text, start, from }) => /^(do|create)\b/i.test(text.slice(from - start)));
    const inner = bodies.flatMap(({ text, start }) => [...text.matchAll(/--\s*squawk-ignore\b.*/g)].flatMap((found) => {
        const place = start + found.index;
        const ignore = comments.some((comment) => comment.start === place) ? undefined : readIgnoreComment(found[0]);
        const line = lineAt(place);
        return ignore === undefined ? [] : [{ ...ignore, isForFile: false, line, from: line, to: line + 1 }];
    }));
    return [...outer, ...inner];
}
/** What was not reviewed cannot be taken back. */
function takesBack(ignore, { rule, line }) {
    if (rule === 'review-incomplete')
        return false;
    // As in squawk, a comment that names no rule is for a whole file or for nothing.
    if (ignore.rules.length === 0)
        return ignore.isForFile;
    if (!ignore.rules.includes(rule))
        return false;
    return ignore.isForFile || (line >= ignore.from && line <= ignore.to);
}
function unusedRemark({ rules, line }, path) {
    return {
        rule: 'unused-ignore',
        object: path,
        line,
        what: `takes back nothing${rules.length > 0 ? `: ${rules.join(', ')}` : ''}`,
    };
}
function toFinding(file, { rule, object, what, line }) {
    return { rule, level: ruleOf(rule).level, file, line, object, what };
}
/** By line, each once. */
function order(findings) {
    const seen = new Set();
    return findings
        .filter(({ rule, object, line }) => {
        const key = `${rule} ${object} ${line}`;
        if (seen.has(key))
            return false;
        seen.add(key);
        return true;
    })
        .toSorted((a, b) => a.line - b.line);
}

;// CONCATENATED MODULE: ./src/review/worker.ts
/**
 * The worker thread of the review, bundled on its own (dist/sql-review/): PostgreSQL's parser is loaded only when there is SQL to
 * review, and what it takes in time and memory is bounded from outside.
 */







const { wasmFile } = asFields(external_node_worker_threads_namespaceObject.workerData);
// V8 would optimize the parser's one huge function beside the work, which takes it 600 MB and seconds of a processor, and no process
// ends before that has: for texts that are read in a tenth of the time without. One of the two flags alone prevents nothing.
(0,external_node_v8_namespaceObject.setFlagsFromString)('--no-wasm-tier-up');
(0,external_node_v8_namespaceObject.setFlagsFromString)('--no-wasm-dynamic-tiering');
// The package ships this file without types; libpg-query.ts has those of its exact version.
const loading = loadPgParser((libpg_query_default()), typeof wasmFile === 'string' ? wasmFile : (0,external_node_path_namespaceObject.join)(__dirname, 'libpg-query.wasm'));
external_node_worker_threads_namespaceObject.parentPort?.on('message', (file) => {
    void loading.then(async (parser) => {
        external_node_worker_threads_namespaceObject.parentPort?.postMessage(await reviewSql(file, parser));
    });
});
void loading.then(() => {
    external_node_worker_threads_namespaceObject.parentPort?.postMessage('ready');
});

})();

module.exports = __webpack_exports__;
/******/ })()
;