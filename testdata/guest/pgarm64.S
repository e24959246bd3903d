// pgarm64.S - a bare-metal aarch64 guest for checking memory loaders; the sister of pgguest.asm.
//
//   aarch64-linux-gnu-as --defsym GRANULE=4|16|64 [--defsym VA52=1] pgarm64.S -o g.o && aarch64-linux-gnu-objcopy -O binary g.o g.bin
//   qemu-system-aarch64 -M virt -cpu cortex-a57 -m 16 -nodefaults -display none -device loader,file=g.bin,addr=0x40600000,cpu-num=0
//   (GRANULE=16 and VA52 need -cpu max; VA52 goes with GRANULE=64)
//
// Physical memory written, B = 0x40000000, 32-bit little-endian words, n counts words:
//   B                     the device tree QEMU puts there (up to 1 MiB)
//   B+0x100000..          translation tables (the .set lines below)
//   B+0x200000..0x2fffff  every eighth 4 KiB page i: words 0xA5000000|(i<<12)|(n&~15)
//   B+0x400000            text "PGGUEST ARM64..."
//   B+0x600000            this program
//   B+0x800000, 16 KiB    0xB6000000+n
//   B+0xc00000, 16 KiB    0xC7000000+n
//
// TTBR0_EL1 (ASID 0x42): identity for B..B+16 MiB. 4K: 48 bits, first 2 MiB by pages, then 2 MiB blocks; 16K: 47 bits, pages; 64K: 42 bits, pages
// TTBR1_EL1 (ASID field 0x43), K = its lowest address:
//   4K, 39 bits  K = 0xffffff8000000000
//     K+v*0x1000, v=0..255  B+0x200000+((v*37+11)&255)*0x1000; v%16==15 invalid (0xDEAD0000), v%4==1 read-only, v%8==2 EL0
//     K+2 MiB block B+0x800000;  K+4 MiB block B+0xc00000, EL0 too, PXN UXN;  K+6 MiB invalid (0xCAFE0000)
//     K+8 MiB: 16 pages with the contiguous hint, B+0x300000;  K+1 GiB: 1 GiB block B
//   16K, 48 bits K = 0xffff000000000000: K+v*0x4000, v=0..63  B+0x200000+((v*21+7)&63)*0x4000, exceptions as above; K+32 MiB: 32 MiB block B
//   64K, 48 bits (VA52: 52, K = 0xfff0000000000000): K+v*0x10000, v=0..15  B+0x200000+((v*5+3)&15)*0x10000, exceptions as above;
//     K+512 MiB: 512 MiB block B
//
// Registers at the end: x0..x14 = 0x0101010101010101*(i+1), x15 = 0x0123456789abcdef, x29 = 0x2929292929292929, x30 = 0x3030303030303030,
// SP_EL0 0x1111222233334440, TPIDR_EL0 0x1234567812345678, TPIDR_EL1 0x8765432187654321, v0 and v31 as below, EL1, MMU on, wfi.

        .set B, 0x40000000
        .set T, B+0x100000
        .if GRANULE == 4
        .set SHIFT, 12
        .set L0, T
        .set L1, T+0x1000
        .set L2, T+0x2000
        .set L3, T+0x3000
        .set K1, T+0x4000
        .set K2, T+0x5000
        .set K3, T+0x6000
        .set KC, T+0x7000
        .set COUNT, 256
        .set MUL, 37
        .set ADDEND, 11
        .set ROOT0, L0
        .set ROOT1, K1
        .set TCR, 16 | (25<<16) | (0<<14) | (2<<30) | (2<<32)   // T0SZ 16, T1SZ 25, TG0 4K, TG1 4K, IPS 40 bits
        .elseif GRANULE == 16
        .set SHIFT, 14
        .set L1, T
        .set L2, T+0x4000
        .set L3, T+0x8000
        .set K0, T+0xc000
        .set K1, T+0x10000
        .set K2, T+0x14000
        .set K3, T+0x18000
        .set COUNT, 64
        .set MUL, 21
        .set ADDEND, 7
        .set ROOT0, L1
        .set ROOT1, K0
        .set TCR, 17 | (16<<16) | (2<<14) | (1<<30) | (2<<32)   // T0SZ 17, T1SZ 16, TG0 16K, TG1 16K
        .else
        .set SHIFT, 16
        .set L2, T
        .set L3, T+0x10000
        .set K1, T+0x20000
        .set K2, T+0x30000
        .set K3, T+0x40000
        .set COUNT, 16
        .set MUL, 5
        .set ADDEND, 3
        .set ROOT0, L2
        .set ROOT1, K1
        .ifdef VA52
        .set T1SZ, 12
        .else
        .set T1SZ, 16
        .endif
        .set TCR, 22 | (T1SZ<<16) | (1<<14) | (3<<30) | (2<<32) // T0SZ 22, TG0 64K, TG1 64K
        .endif
        .set TABLE, 3
        .set PAGE, 0x703                // valid page, AF, inner shareable, attribute 0
        .set BLOCK, 0x701
        .set RO, 0x80                   // AP[2]
        .set EL0, 0x40                  // AP[1]
        .set XN, 3<<53                  // UXN, PXN

        .macro put address, value       // one 64-bit word
        ldr x0, =(\address)
        ldr x1, =(\value)
        str x1, [x0]
        .endm
        .macro words address, first, count
        ldr x0, =(\address)
        ldr w1, =(\first)
        ldr w2, =(\count)
        bl fill
        .endm
        .macro run address, first, step, count  // consecutive entries
        ldr x0, =(\address)
        ldr x1, =(\first)
        ldr x2, =(\step)
        ldr x3, =(\count)
        bl entries
        .endm

        .text
start:  mov x20, #0                     // patterns: page number << 12
1:      ldr x0, =(B+0x200000)
        add x0, x0, x20
        ldr w1, =0xA5000000
        orr w1, w1, w20
        mov w2, #0
11:     and w3, w2, #~15                // runs of 16 equal words: the images stay small when compressed
        orr w3, w3, w1
        str w3, [x0], #4
        add w2, w2, #1
        cmp w2, #1024
        b.lo 11b
        add x20, x20, #(8<<12)
        cmp x20, #(256<<12)
        b.lo 1b
        words B+0x800000, 0xB6000000, 0x1000
        words B+0xc00000, 0xC7000000, 0x1000
        adr x0, text
        ldr x1, =(B+0x400000)
        mov x2, #(text_end-text)
2:      ldrb w3, [x0], #1
        strb w3, [x1], #1
        subs x2, x2, #1
        b.ne 2b

        .if GRANULE == 4
        put L0, L1+TABLE
        put L1+1*8, L2+TABLE
        run L2, B+BLOCK, 0x200000, 8
        put L2, L3+TABLE
        run L3, B+PAGE, 0x1000, 512
        put K1, K2+TABLE
        put K1+1*8, B+BLOCK
        put K2, K3+TABLE
        put K2+1*8, B+0x800000+BLOCK
        put K2+2*8, B+0xc00000+BLOCK+EL0+XN
        put K2+3*8, 0xCAFE0000
        put K2+4*8, KC+TABLE
        run KC, B+0x300000+PAGE+(1<<52), 0x1000, 16
        .elseif GRANULE == 16
        put L1, L2+TABLE
        put L2+32*8, L3+TABLE
        run L3, B+PAGE, 0x4000, 1024
        put K0, K1+TABLE
        put K1, K2+TABLE
        put K2, K3+TABLE
        put K2+1*8, B+BLOCK
        .else
        put L2+2*8, L3+TABLE
        run L3, B+PAGE, 0x10000, 256
        put K1, K2+TABLE
        put K2, K3+TABLE
        put K2+1*8, B+BLOCK
        .endif

        ldr x0, =K3                     // the scrambled window
        mov x1, #0
3:      mov x2, #MUL
        mul x2, x1, x2
        add x2, x2, #ADDEND
        and x2, x2, #(COUNT-1)
        lsl x2, x2, #SHIFT
        ldr x3, =(B+0x200000+PAGE)
        add x2, x2, x3
        and x3, x1, #3
        cmp x3, #1
        b.ne 4f
        orr x2, x2, #RO
4:      and x3, x1, #7
        cmp x3, #2
        b.ne 5f
        orr x2, x2, #EL0
5:      and x3, x1, #15
        cmp x3, #15
        b.ne 6f
        ldr x2, =0xDEAD0000
6:      str x2, [x0], #8
        add x1, x1, #1
        cmp x1, #COUNT
        b.ne 3b

        ldr x0, =0xff
        msr mair_el1, x0
        ldr x0, =TCR
        msr tcr_el1, x0
        ldr x0, =(ROOT0 + (0x42<<48))
        msr ttbr0_el1, x0
        ldr x0, =(ROOT1 + (0x43<<48))
        msr ttbr1_el1, x0
        mov x0, #(3<<20)                // FPEN
        msr cpacr_el1, x0
        isb
        mrs x0, sctlr_el1
        orr x0, x0, #1
        msr sctlr_el1, x0
        isb
        ldr x0, =0x1111222233334440
        msr sp_el0, x0
        ldr x0, =0x1234567812345678
        msr tpidr_el0, x0
        ldr x0, =0x8765432187654321
        msr tpidr_el1, x0
        adr x0, vector
        ldr q0, [x0]
        ldr q31, [x0, #16]
        ldr x0, =(B+0x6ff000)
        mov sp, x0
        .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14
        ldr x\i, =(0x0101010101010101*(\i+1))
        .endr
        ldr x29, =0x2929292929292929
        ldr x30, =0x3030303030303030
        ldr x15, =0x0123456789abcdef
7:      wfi
        b 7b

fill:   str w1, [x0], #4                // w2 words from w1 up, at x0
        add w1, w1, #1
        subs w2, w2, #1
        b.ne fill
        ret
entries:
        str x1, [x0], #8
        add x1, x1, x2
        subs x3, x3, #1
        b.ne entries
        ret
        .balign 16
vector: .quad 0x0011223344556677, 0x8899aabbccddeeff, 0xfedcba9876543210, 0x0f1e2d3c4b5a6978
text:   .ascii "PGGUEST ARM64 -- the quick brown fox jumps over the lazy dog 0123456789\n\0"
text_end:
        .balign 8
        .ltorg
