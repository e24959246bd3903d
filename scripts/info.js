exports.command = { name: "info", help: "Say what the image is." };
exports.main = (vm) => { console.log(vm.machine); };
